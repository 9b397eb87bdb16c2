#pragma once

#include <variant>

#include "lbcore/announce/protocol.hpp"

/// What an Announcer and a BGP agent say to each other, whichever agent it is.
namespace lbcore::announce {

/// Each is answered once, in the order in which they were made.
struct Request {
  enum class Kind {
    sessions,  // answered after a Session for each that is up
    routes,    // answered after a Held for each route that the agent announces
    announce,  // in the place of a route of the same prefix
    withdraw
  } kind;
  Route route{};  // announce, withdraw
  bool operator==(const Request&) const = default;
};

struct Answer {
  bool done = false;  // false: refused
  bool operator==(const Answer&) const = default;
};

struct Held {
  Route route;
  bool operator==(const Held&) const = default;
};

/// Sessions are told when they change, too, as far as the agent tells.
using FromAgent = std::variant<Answer, Held, Session>;

}  // namespace lbcore::announce
