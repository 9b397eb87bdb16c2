#include "lab/plan/fate.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace lblab::plan {

using namespace model;

namespace {

bool can_become(const Link& have, const Link& want) {
  const bool mtu_to_default = have.mtu && !want.mtu;
  const bool mac_to_default = !have.mac.empty() && want.mac.empty();
  return have.kind == want.kind && have.queues == want.queues && !mtu_to_default && !mac_to_default;
}

/// The far end → the near end, of all pairs of a lab.
std::map<Fate::LinkName, Fate::LinkName> near_ends(const Lab& lab) {
  std::map<Fate::LinkName, Fate::LinkName> near;
  for (const auto& [name, host] : lab.hosts)
    for (const auto& link : host.links)
      if (const auto* veth = std::get_if<Veth>(&link.kind))
        near[{veth->peer_host, veth->peer_link}] = {name, link.name};
  return near;
}

std::optional<Fate::LinkName> find(const std::map<Fate::LinkName, Fate::LinkName>& ends,
                                   const Fate::LinkName& far) {
  const auto found = ends.find(far);
  return found == ends.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

const Link* find_link(const Host& host, const std::string& name) {
  const auto found = std::ranges::find(host.links, name, &Link::name);
  return found == host.links.end() ? nullptr : &*found;
}

const Link* find_link(const Lab& lab, const std::string& host, const std::string& name) {
  const auto found = lab.hosts.find(host);
  return found == lab.hosts.end() ? nullptr : find_link(found->second, name);
}

Fate::Fate(const Lab& have, const Lab& want) {
  for (const auto& [name, host] : have.hosts) {
    const auto in_want = want.hosts.find(name);
    if (in_want == want.hosts.end() || in_want->second.named != host.named) continue;
    hosts_.insert(name);
    links_.insert({name, "lo"});
    for (const auto& link : host.links) {
      const auto* wanted = find_link(in_want->second, link.name);
      if (wanted && can_become(link, *wanted)) links_.insert({name, link.name});
    }
  }
  near_ends_ = near_ends(have);
  const auto near_in_want = near_ends(want);
  // A loss spreads along the ties until nothing more is lost.
  for (bool spreading = true; spreading;) {
    spreading = false;
    for (const auto& [name, host] : have.hosts)
      for (const auto& link : host.links) {
        const LinkName self{name, link.name};
        if (!links_.contains(self)) continue;
        const auto near = find(near_ends_, self);
        const bool far_end_is_lost = std::holds_alternative<VethPeer>(link.kind) &&
                                     (near != find(near_in_want, self) || (near && !links_.contains(*near)));
        if (far_end_is_lost || is_tied_to_a_loss(have, name, link)) {
          links_.erase(self);
          spreading = true;
        }
      }
  }
  for (const auto& name : hosts_)
    for (const auto& link : have.hosts.at(name).links)
      if (!links_.contains({name, link.name})) disturbed_.insert(name);
}

std::optional<Fate::LinkName> Fate::near_end(const std::string& host, const std::string& link) const {
  return find(near_ends_, {host, link});
}

bool Fate::is_tied_to_a_loss(const Lab& have, const std::string& host, const Link& link) const {
  if (const auto* veth = std::get_if<Veth>(&link.kind)) {
    const bool listed = find_link(have, veth->peer_host, veth->peer_link);
    return !stays(veth->peer_host) || (listed && !stays(veth->peer_host, veth->peer_link));
  }
  if (const auto* vxlan = std::get_if<Vxlan>(&link.kind))
    return find_link(have, host, vxlan->underlay) && !stays(host, vxlan->underlay);
  return false;
}

}  // namespace lblab::plan
