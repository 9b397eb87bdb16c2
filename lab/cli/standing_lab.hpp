#pragma once

#include <string>
#include <thread>

#include "lab/cli/bring_up.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::cli {

/// A lab in this kernel that is up as long as this lives, beside others. A thread of its own keeps the
/// connection by which it came up, so that the lab ends with us however we end.
class StandingLab {
 public:
  /// Blocks until the lab is ready. Throws Failure; then there is no lab.
  StandingLab(Topology, std::string file, const Progress&);
  /// Ends the lab, and waits for that. A lab that does not end is told on stderr.
  ~StandingLab();
  StandingLab(const StandingLab&) = delete;

 private:
  std::string name_;
  sys::Fd stop_;  // the write end of a pipe: closing it ends the thread's wait
  std::thread keeper_;
};

}  // namespace lblab::cli
