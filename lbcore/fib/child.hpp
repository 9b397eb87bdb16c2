#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lbcore::fib {

/// A child process whose stdout is read line by line. It gets our environment and stderr, and dies with us
/// and with this object; after that no callback is called. A callback may destroy the object.
class Child {
 public:
  struct Callbacks {
    std::function<void(std::string_view line)> line;
    std::function<void()> end;  // of its output, or past the limit: called once, last
  };

  /// limit: it has to print its first line within it.
  Child(boost::asio::any_io_executor, std::vector<std::string> argv, std::chrono::milliseconds limit,
        Callbacks);
  ~Child();
  Child(const Child&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lbcore::fib
