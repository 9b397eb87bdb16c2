#pragma once

#include <fcntl.h>
#include <poll.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"
#include "lab/sys/netns.hpp"
#include "lab/sys/process.hpp"

namespace lblab {

/// A program in a network namespace, whose output a test waits for. Killed when this is destroyed.
class Program {
 public:
  static constexpr std::chrono::seconds patience{60};

  Program(const sys::Netns& inside, std::vector<std::string> argv)
      : name_(argv.at(0)), process_(start(inside, std::move(argv))) {}

  /// The next line that `wanted` holds for; those before it are passed. Throws, with the whole story, when
  /// the program ends or time is up first.
  std::string until(const std::string& what, const std::function<bool(const std::string&)>& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
      for (; seen_ < lines_.size(); ++seen_)
        if (wanted(lines_[seen_])) return lines_[seen_++];
      if (!read_until(deadline)) throw std::runtime_error("waited for " + what + " in vain\n" + story());
    }
  }
  void signal(int number) { process_.signal(number); }
  sys::Exit end(int signal) {
    process_.signal(signal);
    return process_.wait();
  }
  std::string story() const {
    std::string text = name_ + ":\n";
    for (const auto& line : lines_) text += "  " + line + "\n";
    return text;
  }

 private:
  sys::Process start(const sys::Netns& inside, std::vector<std::string> argv) {
    auto pipe = sys::make_pipe();
    sys::Command command;
    command.argv = std::move(argv);
    command.environment = {std::string("PATH=") + sys::standard_path};
    command.namespaces = {inside.fd().get()};
    command.out = command.err = pipe.write.get();
    command.die_with_parent = true;
    output_ = std::move(pipe.read);
    return sys::spawn(command);
  }

  /// False at the end of the output, or of the time.
  bool read_until(std::chrono::steady_clock::time_point deadline) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd readable{output_.get(), POLLIN, 0};
    if (left <= 0 || sys::check("wait for output", ::poll(&readable, 1, static_cast<int>(left))) == 0)
      return false;
    char buffer[4096];
    const auto bytes =
        sys::check("read output", static_cast<int>(::read(output_.get(), buffer, sizeof buffer)));
    for (int i = 0; i < bytes; ++i) {
      if (buffer[i] != '\n')
        partial_ += buffer[i];
      else
        lines_.push_back(std::exchange(partial_, {}));
    }
    return bytes > 0;
  }

  std::string name_;
  sys::Fd output_;
  sys::Process process_;
  std::vector<std::string> lines_;
  std::size_t seen_ = 0;
  std::string partial_;
};

}  // namespace lblab
