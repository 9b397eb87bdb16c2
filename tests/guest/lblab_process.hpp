#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "lab/sys/process.hpp"

namespace lblab::test {

/// The program under test.
std::string lblab_program();

/// A file in memory, to collect output in or to read input from.
class Memory {
 public:
  explicit Memory(const std::string& content = "");
  int fd() const { return fd_.get(); }
  std::string content() const;

 private:
  sys::Fd fd_;
};

struct Outcome {
  int code = 0;
  std::string out, err;
};

/// Waits for the end; fails the test, and kills, after `limit`.
sys::Exit wait(sys::Process& process, std::chrono::seconds limit = std::chrono::seconds(120));

/// Runs a program with the tests' environment plus `more`.
Outcome run(std::vector<std::string> argv, const std::string& input = "",
            const std::vector<std::string>& more = {});

/// Reads until the text has come; fails the test after `limit`. Returns all that was read.
std::string read_until(int fd, const std::string& text,
                       std::chrono::seconds limit = std::chrono::seconds(60));

/// The tests' environment plus `more`.
std::vector<std::string> environment(const std::vector<std::string>& more = {});

}  // namespace lblab::test
