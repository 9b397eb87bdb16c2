#include "lab/apply/steering.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "lab/sys/error.hpp"

namespace lblab::apply {

namespace {

constexpr std::size_t word_bits = 32;

/// A sysfs that shows the namespace's own links: which ones it shows is settled when it is mounted. It is
/// attached nowhere, and gone with its descriptor.
sys::Fd sysfs_of(const sys::Netns& netns) {
  return netns.within([] {
    const sys::Fd context{
        sys::check("open sysfs", static_cast<int>(::syscall(SYS_fsopen, "sysfs", FSOPEN_CLOEXEC)))};
    sys::check("set sysfs up", static_cast<int>(::syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE,
                                                          nullptr, nullptr, 0)));
    return sys::Fd{sys::check("mount sysfs",
                              static_cast<int>(::syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, 0)))};
  });
}

std::vector<int> on_this_machine(std::vector<int> cpus) {
  const auto processors = static_cast<int>(::sysconf(_SC_NPROCESSORS_CONF));
  for (auto& cpu : cpus) cpu %= processors;
  return cpus;
}

}  // namespace

std::string cpu_mask(const std::vector<int>& cpus) {
  std::vector<std::uint32_t> words(1);
  for (const int cpu : cpus) {
    const auto bit = static_cast<std::size_t>(cpu);
    if (words.size() <= bit / word_bits) words.resize(bit / word_bits + 1);
    words[bit / word_bits] |= 1U << bit % word_bits;
  }
  auto text = fmt::format("{:x}", words.back());
  for (auto word = words.rbegin() + 1; word != words.rend(); ++word) text += fmt::format(",{:08x}", *word);
  return text;
}

void steer(const sys::Netns& netns, const std::string& link, const std::vector<std::vector<int>>& queues) {
  const auto sysfs = sysfs_of(netns);
  for (std::size_t n = 0; n < queues.size(); ++n) {
    const auto path = fmt::format("class/net/{}/queues/rx-{}/rps_cpus", link, n);
    const sys::Fd file{sys::check("open " + path, ::openat(sysfs.get(), path.c_str(), O_WRONLY | O_CLOEXEC))};
    const auto mask = cpu_mask(on_this_machine(queues[n]));
    sys::check("write " + path, static_cast<int>(::write(file.get(), mask.data(), mask.size())));
  }
}

}  // namespace lblab::apply
