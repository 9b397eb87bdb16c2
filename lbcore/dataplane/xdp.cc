#include "lbcore/dataplane/xdp.hpp"

#include <sys/socket.h>

#include <algorithm>

#include "lab/nl/address.hpp"
#include "lab/nl/link.hpp"
#include "lab/nl/route.hpp"
#include "lab/sys/error.hpp"
#include "lbcore/dataplane/xdp_services.hpp"

namespace lbcore::dataplane {

namespace {

namespace nl = lblab::nl;
using lblab::sys::SystemError;

std::optional<int> link_of_default_route(nl::Socket& socket) {
  constexpr std::uint32_t main_table = 254;
  for (const int family : {AF_INET, AF_INET6})
    for (const auto& route : nl::routes(socket, family))
      if (route.destination.length == 0 && route.table == main_table && !route.next_hops.empty())
        return route.next_hops.front().link;
  return std::nullopt;
}

std::string interface_of_default_route() {
  nl::Socket socket;
  const auto index = link_of_default_route(socket);
  for (const auto& link : nl::links(socket))
    if (link.index == index) return link.name;
  throw SystemError{
      "find the interface of the default route ('interface' in the configuration names another)", ENODEV};
}

bool is_link_local(const Address& address) {
  const auto bytes = address.bytes();
  return address.family() == AF_INET6 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

xdp::Settings settings_for(const std::string& interface) {
  nl::Socket socket;
  xdp::Settings settings{.interface = interface, .source4 = {}, .source6 = {}};
  const int index = nl::link_named(socket, interface).index;
  for (const auto& [link, prefix] : nl::addresses(socket)) {
    if (link != index || is_link_local(prefix.address)) continue;
    auto& source = prefix.address.family() == AF_INET ? settings.source4 : settings.source6;
    if (!source) source = prefix.address;
  }
  return settings;
}

}  // namespace

Xdp::~Xdp() {
  if (balancer_) balancer_->leave();
}

xdp::Balancer& Xdp::balancer() {
  if (!balancer_)
    balancer_.emplace(settings_for(interface_.empty() ? interface_of_default_route() : interface_));
  return *balancer_;
}

void Xdp::follow(std::function<void(Changed)> changed) {
  changes_.emplace(
      executor_, [this](const nlmsghdr& told) { return balancer_ && balancer_->is_affected_by(told); },
      [changed = std::move(changed)] { changed(Changed::network); });
}

Table Xdp::table() {
  if (cleared_) return {};
  return table_of(balancer().services());
}

std::vector<ipvs::ServiceCounters> Xdp::counters() {
  if (cleared_) return {};
  return counters_of(balancer().counters());
}

void Xdp::prepare(std::span<const Range> ranges) {
  ranges_.assign(ranges.begin(), ranges.end());
  balancer().refresh();
  // Also where nothing moves: one before may have ended between two writes.
  balancer().set_services(moved_to(ranges_, balancer().services()));
}

void Xdp::apply(const Table& desired, std::span<const ipvs::Change>) {
  balancer().set_services(xdp_services(ranges_, desired));
}

void Xdp::clear() {
  balancer_.reset();
  cleared_ = true;
}

}  // namespace lbcore::dataplane
