#include "lab/cli/guest_relay.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "lab/cli/commands.hpp"
#include "lab/guest/run.hpp"
#include "lab/sys/error.hpp"

namespace lblab::cli {

namespace {

constexpr int memory_mib = 2048;  // 20 Go and Python daemons, and the page cache of what they read

std::string own_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

}  // namespace

int relay_guest(const std::string& lab, const std::string& state, sys::Fd listening) {
  const std::string inside = "/run/lblab/" + lab;
  guest::Job job;
  job.argv = {own_program(), "supervise", "--name", lab, "--state", inside};
  job.environment = guest::job_environment();
  job.forwards = {{state + "/control.sock", inside + "/control.sock"}};
  job.memory_mib = memory_mib;
  job.progress = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  job.listening = [&] {
    sys::check("tell that the relay listens", static_cast<int>(::write(listening.get(), "", 1)));
    listening = sys::Fd{};
  };
  const sys::Fd null = sys::open("/dev/null", O_RDONLY);
  int code;
  try {
    code = guest::run_and_wait(std::move(job), {.in = null.get(), .out = STDOUT_FILENO, .err = STDERR_FILENO})
               .code();
  } catch (const guest::Lacking& error) {
    fmt::print(stderr, "lblab: {}\n", error.what());
    return machine_lacks;
  } catch (const std::exception& error) {
    fmt::print(stderr, "lblab: {}\n", error.what());
    return lab_fault;  // the folder stays, for its log; whoever started us clears it away
  }
  std::error_code ignored;
  std::filesystem::remove_all(state, ignored);
  return code;
}

}  // namespace lblab::cli
