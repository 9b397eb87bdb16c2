#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>

#include "lbcore/announce/request.hpp"

namespace lbcore::announce {

/// A BGP agent that is reached, for as long as it is. One thread: its executor's.
class Agent {
 public:
  virtual ~Agent() = default;

  /// Answered by way of listen().
  virtual void ask(const Request&) = 0;
  /// What the agent says, until it is gone. Never from within ask().
  virtual boost::asio::awaitable<void> listen(std::function<void(const FromAgent&)> say) = 0;
};

}  // namespace lbcore::announce
