#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

namespace lblab::sys {

/// A system call that failed. what() reads "ATTEMPT: REASON", e.g. "add route 10.1.1.0/24 in router: Network
/// is unreachable". Caught at the edges only: a command, an API request, a test.
class SystemError : public std::system_error {
 public:
  explicit SystemError(std::string_view attempt, int error = errno)
      : std::system_error(error, std::system_category(), std::string(attempt)) {}
};

/// Returns rc, or throws SystemError with errno if rc is negative.
inline int check(std::string_view attempt, int rc) {
  if (rc < 0) throw SystemError{attempt};
  return rc;
}

}  // namespace lblab::sys
