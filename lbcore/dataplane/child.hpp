#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lbcore::dataplane {

/// For a child to do what takes it milliseconds; and before one that has ended by itself is started again.
constexpr std::chrono::seconds child_patience{10}, child_pause{1};

/// A program that carries packets for lbd. What it writes goes on to our standard error. With all that it
/// starts it ends when we do, whatever our end: it is the init of a PID namespace. One thread: its
/// executor's.
class Child {
 public:
  /// `ended` is called when it ends by itself; never from within a call of this class.
  Child(boost::asio::any_io_executor, std::vector<std::string> argv, std::function<void()> ended);
  ~Child();  // kills it
  Child(const Child&) = delete;

  void signal(int number);
  /// Blocks until so many lines that it writes from now on have this in them. Throws SystemError{attempt}
  /// when it ends first, or time is up.
  void until(const std::string& attempt, const std::string& part, std::chrono::milliseconds within,
             long lines = 1);
  /// Sends the signal and blocks until it has ended; kills it when time is up.
  void end(int number, std::chrono::milliseconds within);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lbcore::dataplane
