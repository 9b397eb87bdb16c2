#pragma once

#include <optional>
#include <string_view>

/// The kernel's own account of its CPUs: the first line of /proc/stat (proc(5)). Pure.
namespace lblab::bench {

/// Seconds, of all CPUs together; since the boot, or between two readings. `user` has nice in it, `interrupt`
/// is irq and softirq: what forwarding costs. In a guest, `stolen` is what its host gave to others.
struct CpuTime {
  double user = 0, system = 0, interrupt = 0, idle = 0, stolen = 0;

  double busy() const { return user + system + interrupt; }
  double total() const { return busy() + idle + stolen; }
  CpuTime operator-(const CpuTime&) const;
  bool operator==(const CpuTime&) const = default;
};

/// Nothing if it is no such file. `ticks`: a second, sysconf(_SC_CLK_TCK).
std::optional<CpuTime> parse_cpu(std::string_view proc_stat, long ticks);

}  // namespace lblab::bench
