#include "lab/observe/proc_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "lab/sys/fd.hpp"

namespace lblab::observe {

/// /proc/thread-self/net shows the namespace of the thread that opens it.
std::string read_inside(const sys::Netns& netns, const char* path, std::size_t most_bytes) {
  const sys::Fd file{netns.within([&] { return ::open(path, O_RDONLY | O_CLOEXEC); })};
  std::string text;
  char part[4096];
  while (file && text.size() < most_bytes) {
    const auto n = ::read(file.get(), part, std::min(sizeof part, most_bytes - text.size()));
    if (n <= 0) break;
    text.append(part, static_cast<std::size_t>(n));
  }
  return text;
}

}  // namespace lblab::observe
