#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "lab/probe/record.hpp"

namespace lblab::expect {

/// What the machine itself did to timing: the contention guard. Without a record it knows of no lateness.
///
/// A convergence is a chain of wakeups in several processes (announcer, reflector, router's agent, its FIB
/// daemon, the observer), and each link of the chain can be late, so delays add up. Two things bound what the
/// machine may have added to it. Time in which our thread was due and did not run, summed over the window: a
/// chain that waits for the same CPUs waits then too. And, as the thread cannot see every CPU: its worst
/// lateness, once for each link. Their sum is `could_delay`. What happens at one moment only, such as the
/// reading of one event, can be late by one stall: `could_be_as_early_as`. The reader of events has stalls of
/// its own, when it is busy with something else; they delay what it tells of, and nothing else.
class Noise {
 public:
  static constexpr int links = 5;

  Noise() = default;
  explicit Noise(const std::optional<probe::JitterRecord>& record,
                 const std::vector<probe::JitterRecord::Late>& reader = {});

  /// The worst lateness of those that touch the window; seconds.
  double worst(double from, double to) const;
  /// For how long of the window the thread was late.
  double stalled(double from, double to) const;
  /// How much later something that took from `from` to `to` may have been done than on an idle machine.
  double could_delay(double from, double to) const {
    return stalled(from, to) + links * worst(from, to) + unread(to);
  }
  /// When that which was told at `t` may have happened: before `t` if the thread stalled then.
  double could_be_as_early_as(double t) const;

 private:
  /// For how long what was told at `t` may have waited for its reader.
  double unread(double t) const;

  std::vector<std::pair<double, double>> late_;    // [due, ran]
  std::vector<std::pair<double, double>> stalls_;  // the same merged, in order
  std::vector<std::pair<double, double>> reader_;  // [due, ran]
  double period_ = 0;
};

}  // namespace lblab::expect
