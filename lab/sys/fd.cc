#include "lab/sys/fd.hpp"

#include <fcntl.h>

#include <cerrno>

#include "lab/sys/error.hpp"

namespace lblab::sys {

Fd open(const std::string& path, int flags, unsigned mode) {
  return Fd{check("open " + path, ::open(path.c_str(), flags | O_CLOEXEC, mode))};
}

Fd duplicate(const Fd& fd) {
  return Fd{check("duplicate a descriptor", ::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0))};
}

Pipe make_pipe() {
  int ends[2];
  check("make a pipe", ::pipe2(ends, O_CLOEXEC));
  return {Fd{ends[0]}, Fd{ends[1]}};
}

std::string read_file(const std::string& path) {
  Fd file = open(path, O_RDONLY);
  std::string text;
  char buffer[65536];
  for (;;) {
    ssize_t n = ::read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    check("read " + path, static_cast<int>(n));
    if (n == 0) return text;
    text.append(buffer, static_cast<size_t>(n));
  }
}

void write_file(const std::string& path, std::string_view text, unsigned mode) {
  const std::string beside = path + ".new";
  {
    Fd file = open(beside, O_WRONLY | O_CREAT | O_TRUNC, mode);
    while (!text.empty()) {
      ssize_t n = ::write(file.get(), text.data(), text.size());
      if (n < 0 && errno == EINTR) continue;
      check("write " + beside, static_cast<int>(n));
      text.remove_prefix(static_cast<size_t>(n));
    }
  }
  check("rename " + beside, ::rename(beside.c_str(), path.c_str()));
}

}  // namespace lblab::sys
