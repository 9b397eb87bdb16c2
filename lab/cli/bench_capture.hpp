#pragma once

#include <string>

#include "lab/bench/wire.hpp"
#include "lab/sys/netns.hpp"

namespace lblab::cli {

/// Sees what passes an interface of a namespace from when it is made (packet(7)); the kernel keeps it until
/// it is counted. Good for some thousand packets.
class BenchCapture {
 public:
  /// Throws SystemError.
  BenchCapture(const sys::Netns&, const std::string& interface);

  struct Counts {
    bench::WireCount out, in;
  };
  /// Of what was seen so far, TCP from and to that port. Throws Failure if the kernel could not keep all.
  Counts count(std::uint16_t port) const;

 private:
  sys::Fd socket_;
};

}  // namespace lblab::cli
