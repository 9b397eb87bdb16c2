#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "lab/sys/process.hpp"

namespace lbcore::announce {

struct Outcome {
  bool succeeded = false;  // it ended with 0, in time
  std::string output;      // its stdout
};

/// Runs a program to its end, or kills it when `limit` is over. It has our environment and stderr.
boost::asio::awaitable<Outcome> run(std::vector<std::string> argv, std::chrono::milliseconds limit);

/// A program that runs on. It ends with this.
struct Running {
  lblab::sys::Process process;
  boost::asio::posix::stream_descriptor output;
};
Running start(const boost::asio::any_io_executor&, std::vector<std::string> argv);

}  // namespace lbcore::announce
