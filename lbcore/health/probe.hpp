#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "lbcore/endpoint.hpp"
#include "lbcore/settings.hpp"

namespace lbcore::health {

struct Result {
  bool passed = false;
  std::string reason;  // of a failure: "Connection refused", "status 503"
};

/// One check, within its timeout. TCP passes when the connection is established (it is then closed); HTTP
/// with a status from 200 to 399, as Kubernetes has it. Kind::none passes. Nothing is thrown: whatever goes
/// wrong is a failed check.
boost::asio::awaitable<Result> probe(HealthCheck, Endpoint);

}  // namespace lbcore::health
