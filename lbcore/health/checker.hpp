#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lbcore/health/probe.hpp"

namespace lbcore::health {

/// A real server of a service.
struct Target {
  std::string service;
  Endpoint endpoint;
  HealthCheck check;
  bool up_at_first = false;  // it was in service before we came: believed until its checks say otherwise
};

struct Status {
  bool up = false;
  std::string reason;    // of the last check, if it failed
  bool checked = false;  // at least one check is done
};

/// Checks many real servers, each on its own clock. A server's first check is made at once; those that follow
/// keep the interval but start at phases that are spread over it, so that many servers are not all checked in
/// one moment. A server counts as down until it has passed `rise` checks. One thread: its executor's.
class Checker {
 public:
  /// `changed` is called when a server goes up or down by a check.
  Checker(boost::asio::any_io_executor, std::function<void(const Target&, const Status&)> changed);
  ~Checker();

  /// Checks these from now on and no others. A server (service, address, port) that stays keeps its state,
  /// also when its check is another one.
  void set(const std::vector<Target>&);
  /// The same for one service, all of whose servers these are; nothing changes for others.
  void set(const std::string& service, const std::vector<Target>&);
  /// Nothing: it is not checked.
  std::optional<Status> status(const std::string& service, const Endpoint&) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lbcore::health
