#include "lab/sys/netns.hpp"

#include <fcntl.h>
#include <sched.h>

#include <cstdlib>

#include "lab/sys/error.hpp"

namespace lblab::sys {

namespace {
constexpr const char* own = "/proc/thread-self/ns/net";
}

Netns Netns::current() { return Netns{sys::open(own, O_RDONLY)}; }

Netns Netns::duplicate(const Netns& other) { return Netns{sys::duplicate(other.fd_)}; }

Netns Netns::open(const std::string& path) { return Netns{sys::open(path, O_RDONLY)}; }

Netns Netns::create() {
  const Netns home = current();
  check("create a network namespace", ::unshare(CLONE_NEWNET));
  Netns made = current();
  if (::setns(home.fd().get(), CLONE_NEWNET) != 0) std::abort();
  return made;
}

Netns::Guard::Guard(const Netns& inside) : home_(sys::open(own, O_RDONLY)) {
  check("enter a network namespace", ::setns(inside.fd().get(), CLONE_NEWNET));
}

Netns::Guard::~Guard() {
  if (::setns(home_.get(), CLONE_NEWNET) != 0) std::abort();
}

}  // namespace lblab::sys
