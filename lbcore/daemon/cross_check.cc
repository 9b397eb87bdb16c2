#include "lbcore/daemon/cross_check.hpp"

#include <fmt/format.h>
#include <linux/ip_vs.h>

#include <algorithm>

#include "lbcore/dataplane/abilities.hpp"
#include "lbcore/dataplane/keepalived_config.hpp"
#include "lbcore/yaml/read.hpp"

namespace lbcore::daemon {

namespace {

int family(const Prefix& prefix) { return prefix.address.family(); }

class Check {
 public:
  Check(DataplaneKind kind, bool can_announce, Mistakes& mistakes)
      : name_(dataplane::name(kind)),
        abilities_(dataplane::abilities(kind)),
        can_announce_(can_announce),
        mistakes_(mistakes) {}

  void alone(const Marked& service) {
    const auto& s = service.settings;
    if (!abilities_.ranges && s.mark == 0 && s.addresses.length != s.addresses.address.bits())
      note(service, "addresses", fmt::format("the range {} has no mark", s.addresses.str()),
           "a range is served by firewall mark: add 'mark: 1'");
    if (s.masquerade && s.forwarding != Forwarding::nat)
      note(service, "masquerade", "masquerade goes with forwarding: nat",
           "in the other modes real servers answer the client directly");
    if (s.protocol != Protocol::tcp && !service.has_health)
      note(service, "protocol", "the service is not TCP and has no 'health'",
           "a TCP connection is tried unless you say otherwise");
    if (s.announce) announced(service, *s.announce);
    carried(service);
  }

  void together(const Marked& earlier, const Marked& later) {
    const auto &a = earlier.settings, &b = later.settings;
    if (a.name == b.name) note(later, "name", fmt::format("the name '{}' is taken", b.name), at(earlier));
    if (a.mark && a.mark == b.mark && family(a.addresses) == family(b.addresses))
      note(later, "mark", fmt::format("mark {} is taken by '{}'", b.mark, a.name), at(earlier));
    if (a.port == b.port && a.protocol == b.protocol && a.addresses.overlaps(b.addresses))
      note(later, "addresses",
           fmt::format("{} overlaps {} of '{}' on the same port", b.addresses.str(), a.addresses.str(),
                       a.name),
           at(earlier));
    if (a.announce && b.announce && a.announce->prefix == b.announce->prefix &&
        a.announce->next_hop != b.announce->next_hop)
      note(later, "announce",
           fmt::format("route {} has another next hop in '{}': {}", b.announce->prefix.str(), a.name,
                       a.announce->next_hop.str()),
           at(earlier));
  }

 private:
  /// What the dataplane has to be able to do.
  void carried(const Marked& service) {
    const auto& s = service.settings;
    if (s.addresses.address.bits() == 128 && !abilities_.ipv6)
      note(service, "addresses", fmt::format("an IPv6 service, and {} is IPv4 here", name_), "");
    if (abilities_.tcp_only && s.protocol != Protocol::tcp)
      note(service, "protocol", fmt::format("dataplane {} is TCP's only", name_), "write protocol: tcp");
    if (abilities_.proxies && !s.masquerade && s.forwarding == Forwarding::nat)
      note(service, "masquerade", fmt::format("dataplane {} opens connections of its own", name_),
           "real servers always see this machine: leave it out");
    if (s.port == 0 && !abilities_.ranges)
      note(service, "port", fmt::format("dataplane {} takes one port", name_),
           "write its number, or dataplane: xdp");
    if (s.mark && abilities_.ranges)
      note(service, "mark", fmt::format("dataplane {} knows no firewall marks", name_),
           "leave it out: a range is served by its addresses");
    if (abilities_.checks) checked(service);
    if (abilities_.is_ipvs) return by_ipvs(service);
    forwarded(service);
    for (const char* key : {"scheduler-flags", "persistence", "one-packet", "thresholds"})
      if (service.node[key])
        note(service, key, fmt::format("'{}' is IPVS's, and the dataplane is {}", key, name_),
             "leave it out, or write dataplane: ipvs");
  }

  /// What keepalived can check.
  void checked(const Marked& service) {
    const auto& check = service.settings.health;
    if (check.rise > 1)
      note(service, "health", fmt::format("dataplane {} takes a real server up at once", name_),
           "leave rise out, or write dataplane: ipvs");
    if (!dataplane::keepalived::takes(check.path))
      note(service, "health", fmt::format("dataplane {} cannot ask for this path", name_),
           "blanks, quotes and the signs \\ # ! { } $ @ ~ have a meaning of their own in its file");
  }

  void forwarded(const Marked& service) {
    const auto& known = abilities_.forwardings;
    if (std::ranges::find(known, service.settings.forwarding) != known.end()) return;
    if (service.settings.forwarding == Forwarding::nat)
      note(service, "forwarding", fmt::format("dataplane {} does not rewrite packets", name_),
           "write forwarding: tunnel or direct, or dataplane: ipvs");
    else
      note(service, "forwarding", fmt::format("dataplane {} only rewrites packets", name_),
           "write forwarding: nat, or dataplane: ipvs");
  }

  void by_ipvs(const Marked& service) {
    const auto& s = service.settings;
    // The same bit means another thing to each scheduler.
    for (const auto& flag : service.node["scheduler-flags"])
      if (!flag.Scalar().starts_with(s.scheduler + "-"))
        mistakes_.push_back(
            yaml::at(flag, fmt::format("{} is no flag of scheduler {}", flag.Scalar(), s.scheduler),
                     fmt::format("write scheduler: {}", flag.Scalar().substr(0, flag.Scalar().find('-')))));
    if (s.flags & IP_VS_SVC_F_ONEPACKET && s.protocol != Protocol::udp)
      note(service, "one-packet", "one-packet scheduling is UDP's", "write protocol: udp, or leave it out");
  }

  void announced(const Marked& service, const Route& route) {
    if (!can_announce_)
      note(service, "announce", "there is nothing to announce with",
           "add 'announce: {socket: …}' beside 'services'");
    if (family(route.prefix) != route.next_hop.family())
      note(service, "announce",
           fmt::format("next hop {} is not of the family of {}", route.next_hop.str(), route.prefix.str()),
           "");
    if (!route.prefix.overlaps(service.settings.addresses))
      note(service, "announce",
           fmt::format("route {} does not lead to {}", route.prefix.str(), service.settings.addresses.str()),
           "");
  }

  void note(const Marked& service, const char* key, std::string wrong, std::string right) {
    const auto value = service.node[key];
    mistakes_.push_back(yaml::at(value ? value : service.node, std::move(wrong), std::move(right)));
  }

  static std::string at(const Marked& earlier) {
    return fmt::format("see line {}", earlier.node.Mark().line + 1);
  }

  std::string name_;
  const dataplane::Abilities& abilities_;
  bool can_announce_;
  Mistakes& mistakes_;
};

}  // namespace

void cross_check(const std::vector<Marked>& services, DataplaneKind kind, bool can_announce,
                 Mistakes& mistakes) {
  Check check(kind, can_announce, mistakes);
  for (auto later = services.begin(); later != services.end(); ++later) {
    if (!later->sound) continue;
    check.alone(*later);
    for (auto earlier = services.begin(); earlier != later; ++earlier)
      if (earlier->sound) check.together(*earlier, *later);
  }
}

}  // namespace lbcore::daemon
