#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lbcore/announce/protocol.hpp"

namespace lbcore::announce {

/// What lbd-announce knows and decides, without its sockets: turns sets of routes into the fewest commands
/// for exabgp's API, and exabgp's answers into messages for lbd. Pure.
///
/// exabgp (4.2) answers every command, in order, with a line "done" or "error" (its setting api.ack, on by
/// default), and writes sessions' changes as JSON lines between. exabgp outlives a helper that crashes and
/// starts another, so the first thing to ask is what it announces already and which sessions are up; routes
/// are compared once that is known.
class Announcer {
 public:
  struct Output {
    std::vector<std::string> to_exabgp;  // commands, without newlines
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
  /// A line that exabgp wrote.
  Output from_exabgp(std::string_view line);

  /// The sessions as far as they are known: what a new connection of lbd is told first.
  std::vector<FromHelper> sessions() const;

 private:
  /// A command that exabgp has yet to answer, or what is to be told to lbd once everything before it is
  /// answered.
  struct Step {
    enum class Kind { ask_sessions, ask_routes, announce, withdraw, acknowledge } kind;
    Route route{};                                     // announce, withdraw
    std::optional<Acknowledged> reply = std::nullopt;  // acknowledge; nothing: nobody waits for it
  };

  void change_to(const std::vector<Route>& routes, std::optional<Acknowledged> reply, Output&);
  void ask(Step, std::string command, Output&);
  void learn(std::string_view line);
  void answered(bool done, Output&);
  void acknowledge(Output&);
  void forget(const Route&);
  void session(const Session&, Output&);

  struct Wanted {
    std::vector<Route> routes;
    std::optional<Acknowledged> reply;
  };
  std::map<Prefix, Address> held_;  // what exabgp announces once all steps are taken
  std::map<std::string, bool> sessions_;
  std::deque<Step> steps_;
  bool held_is_known_ = false;
  std::optional<Wanted> waiting_;  // came before held_ was known
};

}  // namespace lbcore::announce
