#pragma once

#include "lab/expect/standing.hpp"
#include "lab/run/history.hpp"

namespace lblab::scenario {

/// All that a lab's scenarios need to know of what happened before them. One a lab; reading on is the work of
/// what is new since the last time.
class Past {
 public:
  void read_on(const run::History& history);
  /// What stood after the line before next_line().
  const expect::Standing& standing() const { return standing_; }
  std::size_t next_line() const { return next_line_; }

 private:
  expect::Standing standing_;
  std::size_t next_line_ = 0;
};

}  // namespace lblab::scenario
