#pragma once

#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

namespace lblab::sys {

/// Owns one file descriptor; empty when default-constructed or moved from.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

Fd open(const std::string& path, int flags, unsigned mode = 0);
Fd duplicate(const Fd& fd);

struct Pipe {
  Fd read, write;
};
/// Both ends close on exec.
Pipe make_pipe();

std::string read_file(const std::string& path);
/// Replaces the file whole (write beside it, then rename), so that a reader never sees half of it.
void write_file(const std::string& path, std::string_view text, unsigned mode = 0644);

}  // namespace lblab::sys
