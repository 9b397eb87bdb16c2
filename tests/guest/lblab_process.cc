#include "lblab_process.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "lab/sys/error.hpp"

namespace lblab::test {

using Clock = std::chrono::steady_clock;

std::string lblab_program() { return LBLAB_PROGRAM; }

Memory::Memory(const std::string& content)
    : fd_(sys::check("make a file in memory", ::memfd_create("test", MFD_CLOEXEC))) {
  for (std::size_t done = 0; done < content.size();)
    done += static_cast<std::size_t>(::write(fd_.get(), content.data() + done, content.size() - done));
  ::lseek(fd_.get(), 0, SEEK_SET);
}

std::string Memory::content() const { return sys::read_file("/proc/self/fd/" + std::to_string(fd_.get())); }

namespace {

/// False once the deadline has passed.
bool readable(int fd, Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd one{fd, POLLIN, 0};
  return left > 0 && ::poll(&one, 1, static_cast<int>(left)) == 1;
}

}  // namespace

sys::Exit wait(sys::Process& process, std::chrono::seconds limit) {
  if (!readable(process.fd().get(), Clock::now() + limit)) {
    ADD_FAILURE() << "still running after " << limit.count() << " s";
    process.signal(SIGKILL);
  }
  return process.wait();
}

std::vector<std::string> environment(const std::vector<std::string>& more) {
  std::vector<std::string> out = more;
  for (char** entry = environ; *entry; ++entry) {
    const std::string one = *entry;
    const auto same = [&](const std::string& other) {
      return other.starts_with(one.substr(0, one.find('=') + 1));
    };
    if (std::ranges::none_of(more, same)) out.push_back(one);
  }
  return out;
}

Outcome run(std::vector<std::string> argv, const std::string& input, const std::vector<std::string>& more) {
  const Memory in(input), out, err;
  sys::Command command;
  command.argv = std::move(argv);
  command.environment = environment(more);
  command.directory = std::filesystem::current_path();
  command.in = in.fd();
  command.out = out.fd();
  command.err = err.fd();
  command.die_with_parent = true;
  auto process = sys::spawn(command);
  const auto exit = wait(process);
  return {exit.code(), out.content(), err.content()};
}

std::string read_until(int fd, const std::string& text, std::chrono::seconds limit) {
  std::string seen;
  for (const auto deadline = Clock::now() + limit; seen.find(text) == std::string::npos;) {
    char buffer[4096];
    const auto size = readable(fd, deadline) ? ::read(fd, buffer, sizeof buffer) : 0;
    if (size <= 0) {
      ADD_FAILURE() << "\"" << text << "\" did not come; what came was:\n" << seen;
      return seen;
    }
    seen.append(buffer, static_cast<std::size_t>(size));
  }
  return seen;
}

}  // namespace lblab::test
