#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstring>

#include "lab/guest/machine.hpp"
#include "lab/sys/error.hpp"

namespace lblab::guest {

namespace {

using Clock = std::chrono::steady_clock;

/// Reads the console until the guest's sign of life, its end, or the deadline.
bool boots(const Image& image) {
  constexpr auto limit = std::chrono::seconds(4);
  MachineOptions options;
  options.image = image;
  options.program = "probe";
  options.memory_mib = 256;
  options.cpus = 1;
  options.kvm = true;
  const Machine machine(options);
  std::string text;
  for (const auto begun = Clock::now();;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(begun + limit +
                                                                            machine.starved() - Clock::now());
    if (left.count() <= 0) return false;
    pollfd console{machine.console.get(), POLLIN, 0};
    if (::poll(&console, 1, static_cast<int>(left.count())) == 0) continue;
    char buffer[4096];
    const auto size = ::read(machine.console.get(), buffer, sizeof buffer);
    if (size <= 0) return false;
    text.append(buffer, static_cast<std::size_t>(size));
    if (text.find("lblab-probe-alive") != std::string::npos) return true;
  }
}

/// The cached answer is of this boot of the host and of this kernel.
std::string question(const Image& image) {
  auto boot = sys::read_file("/proc/sys/kernel/random/boot_id");
  boot.pop_back();
  return boot + " " + image.release + " ";
}

}  // namespace

Kvm probe_kvm(const Image& image) {
  if (const sys::Fd device{::open("/dev/kvm", O_RDWR | O_CLOEXEC)}; !device)
    return {false, std::string("/dev/kvm: ") + std::strerror(errno)};
  const auto folder = cache_folder(), file = folder + "/kvm";
  const auto asked = question(image);
  std::string known;
  if (!folder.empty() && ::access(file.c_str(), R_OK) == 0) known = sys::read_file(file);
  if (!known.starts_with(asked)) {
    known = asked + (boots(image) ? "yes" : "no");
    if (::access(folder.c_str(), W_OK) == 0) sys::write_file(file, known);
  }
  const bool usable = known == asked + "yes";
  return {usable, usable ? "a guest boots with it" : "a guest did not boot with it within 4 s"};
}

bool kvm_usable() {
  const auto image = cached_image();
  return image && probe_kvm(*image).usable;
}

}  // namespace lblab::guest
