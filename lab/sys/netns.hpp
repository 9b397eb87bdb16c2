#pragma once

#include <string>
#include <utility>

#include "lab/sys/fd.hpp"

namespace lblab::sys {

/// A network namespace, held by a descriptor: it lives at least as long as this object.
class Netns {
 public:
  /// A new, empty one. The calling thread stays where it was.
  static Netns create();
  static Netns current();
  /// The same one, held once more.
  static Netns duplicate(const Netns&);
  /// path: a bind mount such as /run/netns/NAME.
  static Netns open(const std::string& path);

  const Fd& fd() const { return fd_; }

  /// Runs f() inside and comes back. Use it only to open a descriptor (a socket, a file under /proc/sys/net):
  /// f must not suspend. Aborts if the thread cannot return to its own namespace.
  template <class F>
  auto within(F&& f) const {
    Guard guard{*this};
    return std::forward<F>(f)();
  }

 private:
  class Guard {
   public:
    explicit Guard(const Netns&);
    ~Guard();
    Guard(const Guard&) = delete;

   private:
    Fd home_;
  };

  explicit Netns(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace lblab::sys
