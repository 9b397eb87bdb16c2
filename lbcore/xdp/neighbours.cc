#include "lbcore/xdp/neighbours.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <algorithm>

#include "lab/nl/route.hpp"
#include "lab/sys/error.hpp"

namespace lbcore::xdp {

namespace nl = lblab::nl;
using lblab::sys::SystemError;

namespace {

/// What somebody has entered for good.
std::set<std::pair<int, Address>> fixed(nl::Socket& socket) {
  std::set<std::pair<int, Address>> fixed;
  for (const auto& n : nl::neighbours(socket))
    if (n.address && n.state & (NUD_PERMANENT | NUD_NOARP)) fixed.emplace(n.link, *n.address);
  return fixed;
}

}  // namespace

void Neighbours::keep(const std::set<Address>& servers) {
  std::erase_if(ways_, [&](const auto& way) { return !servers.contains(way.first); });
  for (const auto& server : servers) {
    if (ways_.contains(server)) continue;
    try {
      const auto way = nl::way_to(socket_, server);
      ways_.emplace(server, Way{way.link, way.via.value_or(server)});
    } catch (const SystemError&) {  // no route, which the program counts; another time there may be one
    }
  }
  const auto others = fixed(socket_);
  std::set<Way> wanted;
  for (const auto& [server, way] : ways_)
    if (!others.contains(way)) wanted.insert(way);
  for (const auto& way : wanted)
    if (!kept_is_sure_ || !kept_.contains(way)) socket_.queue(nl::keep_neighbour(way.first, way.second));
  if (const auto failures = socket_.flush(); !failures.empty())
    throw SystemError{"keep the MAC addresses of next hops known", failures.front().error};
  for (const auto& way : kept_)
    if (!wanted.contains(way) && !others.contains(way))
      socket_.queue(nl::delete_neighbour({.link = way.first, .address = way.second}));
  socket_.flush();  // they may have gone with their link
  kept_ = std::move(wanted);
  kept_is_sure_ = true;
}

bool Neighbours::is_needed(const nl::Neighbour& neighbour) const {
  return std::ranges::any_of(ways_, [&](const auto& way) {
    return way.second.first == neighbour.link && way.second.second == neighbour.address;
  });
}

}  // namespace lbcore::xdp
