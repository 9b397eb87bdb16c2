#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lbcore/announce/protocol.hpp"
#include "lbcore/announce/request.hpp"

namespace lbcore::announce {

/// What lbd-announce knows and decides, without its sockets: turns sets of routes into the fewest requests to
/// a BGP agent, and its answers into messages for lbd. Pure; for one life of the agent.
///
/// An agent may outlive a helper that crashes, so the first thing to ask is what it announces already and
/// which sessions are up; routes are compared once that is known.
class Announcer {
 public:
  struct Output {
    std::vector<Request> to_agent;
    std::vector<FromHelper> to_lbd;
    bool operator==(const Output&) const = default;
  };

  /// The questions to begin with.
  Output start();
  /// lbd wants exactly these.
  Output set(const SetRoutes&);
  /// lbd's connection has ended: nobody waits for acknowledgements any more.
  void lbd_gone();
  /// lbd has been gone for too long.
  Output withdraw_all();
  Output from_agent(const FromAgent&);

  /// The sessions as far as they are known: what a new connection of lbd is told first.
  std::vector<FromHelper> sessions() const;

 private:
  /// A request that the agent has yet to answer, or what is to be told to lbd once everything before it is
  /// answered.
  struct Step {
    std::optional<Request> request;     // nothing: an acknowledgement
    std::optional<Acknowledged> reply;  // of an acknowledgement; nothing: nobody waits for it
  };

  void change_to(const std::vector<Route>& routes, std::optional<Acknowledged> reply, Output&);
  void ask(const Request&, Output&);
  void take(const Held&, Output&);
  void take(const Answer&, Output&);
  void take(const Session&, Output&);
  void acknowledge(Output&);
  void forget(const Route&);

  struct Wanted {
    std::vector<Route> routes;
    std::optional<Acknowledged> reply;
  };
  std::map<Prefix, Address> held_;  // what the agent announces once all steps are taken
  std::map<std::string, bool> sessions_;
  std::deque<Step> steps_;
  bool held_is_known_ = false;
  std::optional<Wanted> waiting_;  // came before held_ was known
};

}  // namespace lbcore::announce
