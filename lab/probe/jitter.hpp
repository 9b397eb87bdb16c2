#pragma once

#include <optional>
#include <string_view>

#include "lab/probe/loop.hpp"
#include "lab/probe/record.hpp"
#include "lab/probe/schedule.hpp"

namespace lblab::probe {

struct JitterSettings {
  nanoseconds period = std::chrono::milliseconds{5};
};

/// Wakes at every period, as any thread of this machine would (no priority of its own), and notes by how much
/// it was late. Periods that it slept through are left out.
class JitterProbe : public Probe {
 public:
  JitterProbe(Loop&, const JitterSettings&);
  nanoseconds act(nanoseconds now, bool sending) override;
  void take(const epoll_event&) override {}

  JitterRecord finish();

 private:
  Schedule schedule_;
  std::int64_t next_ = 1;
  std::optional<nanoseconds> steal_, waited_;  // as it began
  JitterRecord record_;
};

/// Steal time of all CPUs, of the text of /proc/stat. user_hz: sysconf(_SC_CLK_TCK).
std::optional<nanoseconds> steal_of(std::string_view proc_stat, long user_hz);
/// What a thread waited for a CPU, of the text of its schedstat (linux/Documentation/scheduler/sched-stats).
std::optional<nanoseconds> waited_of(std::string_view schedstat);

}  // namespace lblab::probe
