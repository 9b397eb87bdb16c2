#include "lbcore/dataplane/program.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "lab/sys/error.hpp"
#include "lab/sys/process.hpp"

namespace lbcore::dataplane {

namespace sys = lblab::sys;

namespace {

/// Takes what there is to read; false at the end.
bool drain(const sys::Fd& from, std::string& into) {
  std::array<char, 16'384> chunk;
  const auto bytes = ::read(from.get(), chunk.data(), chunk.size());
  if (bytes > 0) into.append(chunk.data(), static_cast<std::size_t>(bytes));
  return bytes > 0;
}

}  // namespace

std::string output_of(const std::vector<std::string>& argv, std::string_view input) {
  auto in = sys::make_pipe(), out = sys::make_pipe(), err = sys::make_pipe();
  sys::Command command;
  command.argv = argv;
  command.environment = sys::own_environment();
  command.in = in.read.get();
  command.out = out.write.get();
  command.err = err.write.get();
  command.die_with_parent = true;
  auto process = sys::spawn(command);
  in.read = sys::Fd{};
  out.write = sys::Fd{};
  err.write = sys::Fd{};
  std::string output, errors;
  while (out.read || err.read) {
    if (input.empty()) in.write = sys::Fd{};
    std::array<pollfd, 3> ready{{{in.write ? in.write.get() : -1, POLLOUT, 0},
                                 {out.read ? out.read.get() : -1, POLLIN, 0},
                                 {err.read ? err.read.get() : -1, POLLIN, 0}}};
    sys::check("wait for " + argv[0], ::poll(ready.data(), ready.size(), -1));
    if (ready[0].revents) {
      // No more than a pipe takes at once (pipe(7), PIPE_BUF), so that it does not block.
      const auto written = ::write(in.write.get(), input.data(), std::min<std::size_t>(input.size(), 4096));
      input.remove_prefix(written < 0 ? input.size() : static_cast<std::size_t>(written));
    }
    if (ready[1].revents && !drain(out.read, output)) out.read = sys::Fd{};
    if (ready[2].revents && !drain(err.read, errors)) err.read = sys::Fd{};
  }
  const auto exit = process.wait();
  if (exit.code() != 0)
    throw sys::SystemError{argv[0] + " (" + errors.substr(0, errors.find('\n')) + ")", EINVAL};
  return output;
}

}  // namespace lbcore::dataplane
