#include "lab/guest/machine.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "lab/guest/tool.hpp"
#include "lab/sys/error.hpp"

namespace lblab::guest {

namespace {

constexpr const char* qemu = "qemu-system-x86_64";

/// Each was measured to shorten the boot under emulation, or keeps the kernel from asking for hardware that
/// is not there.
constexpr const char* kernel_options =
    "console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable no_timer_check audit=0 apparmor=0 "
    "random.trust_cpu=on cryptomgr.notests rcupdate.rcu_expedited=1";

/// A comma in the value of a QEMU option is written twice.
std::string escaped(const std::string& value) {
  std::string out;
  for (const char c : value) out += c == ',' ? std::string(",,") : std::string(1, c);
  return out;
}

/// An argument of /init on the kernel's command line.
std::string quoted(const std::string& path) {
  if (path.find('"') == std::string::npos) return '"' + path + '"';
  throw std::runtime_error("a path with quotation marks cannot be passed to the guest: " + path);
}

void export_folder(std::vector<std::string>& argv, const std::string& tag, const std::string& path,
                   bool writable) {
  argv.insert(argv.end(), {"-fsdev",
                           "local,id=" + tag + ",path=" + escaped(path) +
                               ",security_model=none,multidevs=remap" + (writable ? "" : ",readonly=on"),
                           "-device", "virtio-9p-pci,fsdev=" + tag + ",mount_tag=" + tag});
}

std::pair<sys::Fd, sys::Fd> socket_pair() {
  int ends[2];
  sys::check("make a pair of sockets", ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
  return {sys::Fd{ends[0]}, sys::Fd{ends[1]}};
}

sys::Fd memory_file(const std::string& content) {
  sys::Fd file{sys::check("make a file in memory", ::memfd_create("initrd", MFD_CLOEXEC))};
  for (std::size_t done = 0; done < content.size();)
    done += static_cast<std::size_t>(
        sys::check("write a file in memory",
                   static_cast<int>(::write(file.get(), content.data() + done, content.size() - done))));
  return file;
}

sys::Process start(const MachineOptions& options, int port, int console, int errors) {
  if (auto missing = missing_programs(); !missing.empty()) throw Lacking(std::move(missing));
  const auto initrd = memory_file(build_initrd(options.image));
  sys::Command command;
  command.argv = qemu_command(options);
  command.environment = environment();
  command.out = errors;
  command.err = errors;
  command.inherited = {port, console, initrd.get()};
  command.die_with_parent = true;
  return sys::spawn(command);
}

}  // namespace

std::vector<std::string> qemu_command(const MachineOptions& options) {
  const auto init_arguments = quoted(options.image.modules) + " " + quoted(options.program);
  std::vector<std::string> argv{qemu,   "-nodefaults", "-no-user-config", "-no-reboot", "-display",
                                "none", "-M",          "pc,usb=off"};
  if (options.kvm)
    argv.insert(argv.end(), {"-accel", "kvm", "-cpu", "host"});
  else if (options.counts_instructions)
    argv.insert(argv.end(),
                {"-accel", "tcg,thread=single,tb-size=512", "-icount", "shift=0,sleep=off", "-cpu", "max"});
  else
    argv.insert(argv.end(), {"-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"});
  argv.insert(argv.end(), {"-smp",     std::to_string(options.cpus),
                           "-m",       std::to_string(options.memory_mib) + "M",  //
                           "-kernel",  options.image.vmlinux,
                           "-initrd",  "/proc/self/fd/5",                                      //
                           "-append",  std::string(kernel_options) + " -- " + init_arguments,  //
                           "-chardev", "socket,id=port,fd=3",
                           "-device",  "virtio-serial-pci",                                           //
                           "-device",  std::string("virtserialport,chardev=port,name=") + port_name,  //
                           "-chardev", "socket,id=console,fd=4",
                           "-serial",  "chardev:console"});
  export_folder(argv, root_tag, "/", false);
  for (const auto& folder : options.shared) export_folder(argv, folder.tag, folder.path, true);
  return argv;
}

struct Machine::Ends {
  std::pair<sys::Fd, sys::Fd> port = socket_pair(), console = socket_pair();
  sys::Pipe errors = sys::make_pipe();
};

Machine::Machine(const MachineOptions& options) : Machine(options, Ends{}) {}

Machine::Machine(const MachineOptions& options, Ends ends)
    : port(std::move(ends.port.first)),
      console(std::move(ends.console.first)),
      errors(std::move(ends.errors.read)),
      process(start(options, ends.port.second.get(), ends.console.second.get(), ends.errors.write.get())) {}

std::chrono::nanoseconds Machine::starved() const {
  std::int64_t longest = 0;
  std::error_code gone;
  for (const auto& thread :
       std::filesystem::directory_iterator("/proc/" + std::to_string(process.pid()) + "/task", gone)) {
    std::ifstream schedstat(thread.path() /
                            "schedstat");  // nanoseconds run, nanoseconds waited, number of turns
    std::int64_t run = 0, waited = 0;
    if (schedstat >> run >> waited) longest = std::max(longest, waited);
  }
  return std::chrono::nanoseconds(longest);
}

}  // namespace lblab::guest
