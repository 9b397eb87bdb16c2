#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lbcore/settings.hpp"

/// What lbd and lbd-announce say to each other: JSON objects, one a line, over a unix stream socket on which
/// lbd listens. One helper at a time; a new connection takes the old one's place.
///
/// lbd → helper, on connecting and on every change, always the whole set:
///     {"id":7,"routes":[{"route":"10.1.1.0/24","next-hop":"10.0.0.105"}]}
/// helper → lbd, once the agent has answered every command that the set needed; an id stands for all before
/// it:
///     {"acknowledged":7,"announced":[…routes…],"withdrawn":[…routes…],"refused":[…routes…]}
/// helper → lbd, on connecting and on every change of a BGP session:
///     {"peer":"10.0.0.109","state":"up"}
///
/// A connection that ends says nothing about routes: the helper keeps announcing until its limit has passed.
namespace lbcore::announce {

struct SetRoutes {
  std::uint64_t id = 0;
  std::vector<Route> routes;
  bool operator==(const SetRoutes&) const = default;
};

/// What was in fact done for the sets up to `id`: nothing, if the agent had the routes already.
struct Acknowledged {
  std::uint64_t id = 0;
  std::vector<Route> announced, withdrawn, refused;
  bool operator==(const Acknowledged&) const = default;
};

struct Session {
  std::string peer;
  bool up = false;
  bool operator==(const Session&) const = default;
};

using FromHelper = std::variant<Acknowledged, Session>;

/// A line with its newline.
std::string encode(const SetRoutes&);
std::string encode(const FromHelper&);
/// Nothing if the line is not what the protocol says.
std::optional<SetRoutes> decode_set(std::string_view line);
std::optional<FromHelper> decode_from_helper(std::string_view line);

}  // namespace lbcore::announce
