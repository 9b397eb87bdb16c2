#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <set>
#include <string>

#include "lab/cli/topology_file.hpp"
#include "lab/http/http.hpp"

namespace lblab::cli {

/// Lines with the time since the command began, so that nothing takes longer than two seconds unseen.
class Progress {
 public:
  void operator()(const std::string& text) const;
  /// The same of one thing among others: its name goes before each line.
  Progress of(const std::string& name) const;

 private:
  std::string prefix_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// What is done with a lab that has come up; the socket is that by which it came up.
using WhenReady = std::function<boost::asio::awaitable<void>(http::Socket)>;

/// Brings a lab up, in the kernel that has what it and `further_needs` need, and does `when_ready`. If any of
/// it fails, the lab is ended, and Failure says why. A lab that `ends_with_us` is ended by its supervisor
/// when we are gone, unless it was sent "keep" on the socket.
struct BringUp {
  std::string file, kernel = "auto";
  std::set<std::string> further_needs = {};
  bool ends_with_us = false;
};
void bring_up(const Topology&, const BringUp&, const Progress&, const WhenReady&);

}  // namespace lblab::cli
