#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lab/gobgp/gobgp.hpp"
#include "lab/sys/address.hpp"

namespace lbcore::fib {

namespace gobgp = lblab::gobgp;

/// Follows a gobgpd, from before it is there until after it has come back, for as long as this object lives.
/// Callbacks come from the loop, never from within a call.
class Gobgp {
 public:
  struct Callbacks {
    std::function<void(gobgp::Paths)> table;    // the whole table: once for each time that gobgpd is reached
    std::function<void(gobgp::Paths)> change;   // the whole new sets of the prefixes named
    std::function<void(std::string why)> lost;  // gobgpd or the stream has ended; after a `table` only
    std::function<void(std::string)> malformed;
    std::function<void(std::vector<gobgp::Neighbour>)> neighbours;  // the answer to ask_neighbours()
  };

  Gobgp(boost::asio::any_io_executor, lblab::sys::Address address, std::uint16_t port, Callbacks);
  ~Gobgp();

  /// Asks for the sessions as they are, unless a question is open. If no answer comes in time there is no
  /// callback.
  void ask_neighbours();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lbcore::fib
