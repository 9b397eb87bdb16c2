#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lbcore/announce/agent.hpp"

/// bird 2.0, which has no command that adds a route: its configuration includes a file of them, is read anew
/// when that has changed, and sessions stay as they are meanwhile.
namespace lbcore::announce::bird {

/// Static routes as the configuration includes them inside of a `protocol static`, each with the BGP next hop
/// that is to be announced (`next hop keep` at the session).
std::string routes_file(const std::vector<Route>&);
/// The routes of such a file; what is none of ours is passed over.
std::vector<Route> read_routes(std::string_view file);

/// A line that bird writes to its control socket.
struct Line {
  enum class Kind {
    part,   // of a reply that goes on
    last,   // of a reply
    aside,  // what its log says, which may come between replies
  } kind;
  bool failed = false;  // the reply says so
  std::string text;     // as birdc shows it
  bool operator==(const Line&) const = default;
};
Line read_line(std::string_view line);

struct Settings {
  std::string socket;  // bird's control socket
  std::string routes;  // the file that is ours
};

/// Once bird can be reached; gone when bird closes the connection. Sessions are told when they change, if the
/// BGP protocols have `debug { events }`.
boost::asio::awaitable<std::unique_ptr<Agent>> reach(Settings);

}  // namespace lbcore::announce::bird
