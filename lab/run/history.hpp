#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <fstream>
#include <functional>
#include <list>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace lblab::run {

namespace asio = boost::asio;
using Deadline = std::chrono::steady_clock::time_point;

/// All that happened in the lab, in order, as JSON lines; also the one thing to wait on: whatever changes a
/// lab's state appends an event, so a condition needs looking at after an event only.
class History {
 public:
  /// Lines go to `file` too.
  History(asio::any_io_executor executor, const std::string& file);

  /// Adds "t" (seconds on CLOCK_MONOTONIC) and "time" (wall clock) where the event has none.
  void append(nlohmann::json event);

  /// Suspends until holds() is true, asked now and after every event; false once the deadline has passed.
  asio::awaitable<bool> until(std::function<bool()> holds, Deadline deadline);

  const std::vector<std::string>& lines() const { return lines_; }

 private:
  asio::any_io_executor executor_;
  std::ofstream file_;
  std::vector<std::string> lines_;
  std::list<asio::steady_timer*> waiting_;
};

}  // namespace lblab::run
