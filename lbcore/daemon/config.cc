#include "lbcore/daemon/config.hpp"

#include <fmt/format.h>
#include <linux/ip_vs.h>

#include <algorithm>
#include <map>

#include "lbcore/daemon/cross_check.hpp"
#include "lbcore/daemon/ipvs_keys.hpp"
#include "lbcore/dataplane/abilities.hpp"
#include "lbcore/yaml/read.hpp"

namespace lbcore::daemon {

namespace {

using yaml::required;

const std::map<std::string, std::uint32_t> scheduler_flags = {{"sh-fallback", IP_VS_SVC_F_SCHED1},
                                                              {"sh-port", IP_VS_SVC_F_SCHED2},
                                                              {"mh-fallback", IP_VS_SVC_F_SCHED1},
                                                              {"mh-port", IP_VS_SVC_F_SCHED2}};

class Parser {
 public:
  explicit Parser(Mistakes& mistakes) : mistakes_(mistakes) {}

  Settings document(const YAML::Node& node) {
    Settings s;
    std::vector<Marked> services;
    YAML::Node announce;
    yaml::read_map(
        node, "the configuration",
        {{"dataplane",
          [&](const auto& v) {
            yaml::into(s.dataplane, yaml::one_of(v, "dataplane", dataplane::names(), mistakes_));
          }},
         {"interface",
          [&](const auto& v) {
            interface_.reset(v);
            yaml::into(s.interface, yaml::text(v, "interface", mistakes_));
          }},
         {"control", [&](const auto& v) { yaml::into(s.control, yaml::text(v, "control", mistakes_)); },
          required},
         {"announce", [&](const auto& v) { announce_socket(v, s); }},
         {"metrics", [&](const auto& v) { s.metrics = listen(v); }},
         {"ipvs", [&](const auto& v) { s.ipvs = read_ipvs(v, mistakes_); }},
         {"drain-limit",
          [&](const auto& v) { yaml::into(s.drain_limit, yaml::duration(v, "drain-limit", mistakes_)); }},
         {"settle", [&](const auto& v) { yaml::into(s.settle, yaml::duration(v, "settle", mistakes_)); }},
         {"services",
          [&](const auto& v) {
            yaml::read_list(
                v, "services", [&](const auto& entry) { services.push_back(service(entry)); }, mistakes_);
          },
          required}},
        mistakes_);
    if (!s.interface.empty() && !dataplane::abilities(s.dataplane).ranges)
      mistakes_.push_back(
          yaml::at(interface_,
                   fmt::format("'interface' is xdp's, and the dataplane is {}", dataplane::name(s.dataplane)),
                   "leave it out, or write dataplane: xdp"));
    if (node.IsMap() && node["ipvs"]) only_of_ipvs(node["ipvs"], s.dataplane);
    for (auto& entry : services) by_dataplane(dataplane::abilities(s.dataplane), entry);
    cross_check(services, s.dataplane, !s.announce_socket.empty(), mistakes_);
    for (auto& entry : services) s.services.push_back(std::move(entry.settings));
    return s;
  }

 private:
  void only_of_ipvs(const YAML::Node& node, DataplaneKind kind) {
    if (dataplane::abilities(kind).is_ipvs) return;
    mistakes_.push_back(
        yaml::at(node, fmt::format("'ipvs' beside dataplane {}", dataplane::name(kind)), "leave it out"));
  }

  /// "127.0.0.1:9100", "[::1]:9100"
  std::optional<Listen> listen(const YAML::Node& node) {
    const std::string text = node.IsScalar() ? node.Scalar() : "";
    const auto colon = std::min(text.rfind(':'), text.size());
    auto host = text.substr(0, colon);
    const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (is_bracketed) host = host.substr(1, host.size() - 2);
    const auto address = Address::parse(host);
    const auto port = yaml::whole(colon < text.size() ? text.substr(colon + 1) : "").value_or(0);
    if (address && is_bracketed == (address->bits() == 128) && port >= 1 && port <= 65535)
      return Listen{*address, static_cast<std::uint16_t>(port)};
    mistakes_.push_back(
        yaml::at(node, "metrics is not an address and a port", "write it like 127.0.0.1:9100 or [::1]:9100"));
    return std::nullopt;
  }

  void announce_socket(const YAML::Node& node, Settings& s) {
    yaml::read_map(
        node, "announce",
        {{"socket", [&](const auto& v) { yaml::into(s.announce_socket, yaml::text(v, "socket", mistakes_)); },
          required}},
        mistakes_);
  }

  Marked service(const YAML::Node& node) {
    ServiceSettings s;
    bool has_health = false;
    const std::size_t mistakes_before = mistakes_.size();
    std::vector<yaml::Key> keys = {
        {"name", [&](const auto& v) { yaml::into(s.name, yaml::text(v, "name", mistakes_)); }, required},
        {"addresses",
         [&](const auto& v) { yaml::into(s.addresses, yaml::network(v, "addresses", mistakes_)); }, required},
        {"port", [&](const auto& v) { service_port(v, s); }, required},
        {"protocol", [&](const auto& v) { protocol(v, s); }},
        {"mark",
         [&](const auto& v) { yaml::into(s.mark, yaml::number(v, "mark", 1, 0xffffffff, mistakes_)); }},
        {"scheduler", [](const auto&) {}},  // what there is depends on the dataplane
        {"scheduler-flags",
         [&](const auto& v) {
           yaml::read_list(
               v, "scheduler-flags", [&](const auto& flag) { scheduler_flag(flag, s); }, mistakes_);
         }},
        {"persistence", [&](const auto& v) { persistence(v, s); }},
        {"one-packet",
         [&](const auto& v) {
           if (yaml::boolean(v, "one-packet", mistakes_).value_or(false)) s.flags |= IP_VS_SVC_F_ONEPACKET;
         }},
        {"forwarding",
         [&](const auto& v) {
           yaml::into(s.forwarding, yaml::one_of(v, "forwarding", {"nat", "direct", "tunnel"}, mistakes_));
         }},
        {"masquerade",
         [&](const auto& v) { yaml::into(s.masquerade, yaml::boolean(v, "masquerade", mistakes_)); }},
        {"weight",
         [&](const auto& v) { yaml::into(s.weight, yaml::number(v, "weight", 1, 65535, mistakes_)); }},
        {"thresholds", [&](const auto& v) { s.thresholds = read_thresholds(v, mistakes_); }},
        {"endpoints", [&](const auto& v) { yaml::into(s.endpoints, yaml::text(v, "endpoints", mistakes_)); },
         required},
        {"endpoints-port",
         [&](const auto& v) { yaml::into(s.endpoints_port, yaml::text(v, "endpoints-port", mistakes_)); }},
        {"health",
         [&](const auto& v) {
           has_health = true;
           s.health = health(v);
         }},
        {"announce", [&](const auto& v) { s.announce = route(v); }}};
    yaml::read_map(node, "the service", keys, mistakes_);
    // What is half read is not worth comparing with the rest.
    return {std::move(s), node, has_health, mistakes_.size() == mistakes_before};
  }

  std::optional<std::int64_t> port(const YAML::Node& node) {
    return yaml::number(node, "port", 1, 65535, mistakes_);
  }

  void service_port(const YAML::Node& node, ServiceSettings& s) {
    if (node.IsScalar() && node.Scalar() == "any")
      s.port = 0;  // cross_check() knows who can
    else
      yaml::into(s.port, port(node));
  }

  void protocol(const YAML::Node& node, ServiceSettings& s) {
    constexpr Protocol values[] = {Protocol::tcp, Protocol::udp, Protocol::sctp};
    if (const auto i = yaml::one_of(node, "protocol", {"tcp", "udp", "sctp"}, mistakes_))
      s.protocol = values[*i];
  }

  /// What a service has where its text does not say.
  void by_dataplane(const dataplane::Abilities& abilities, Marked& service) {
    auto& s = service.settings;
    if (!is_given(service, "forwarding")) s.forwarding = abilities.forwardings.front();
    if (!is_given(service, "masquerade")) s.masquerade = s.forwarding == Forwarding::nat;
    scheduler(abilities.schedulers, service);
  }

  static bool is_given(const Marked& service, const char* key) {
    return service.node.IsMap() && service.node[key] && !service.node[key].IsNull();
  }

  void scheduler(const std::vector<std::string>& known, Marked& service) {
    service.settings.scheduler = known.front();
    if (!is_given(service, "scheduler")) return;
    if (const auto i = yaml::one_of(service.node["scheduler"], "scheduler", known, mistakes_))
      service.settings.scheduler = known[*i];
    else
      service.sound = false;
  }

  void scheduler_flag(const YAML::Node& node, ServiceSettings& s) {
    std::vector<std::string> names;
    for (const auto& [name, flag] : scheduler_flags) names.push_back(name);
    if (yaml::one_of(node, "scheduler flag", names, mistakes_)) s.flags |= scheduler_flags.at(node.Scalar());
  }

  void persistence(const YAML::Node& node, ServiceSettings& s) {
    const auto time = whole_seconds(node, "persistence", mistakes_);
    if (!time) return;
    s.flags |= IP_VS_SVC_F_PERSISTENT;
    s.persistence_s = *time;
  }

  HealthCheck health(const YAML::Node& node) {
    HealthCheck h;
    int kinds = 0;
    bool path_port = false, timeout_given = false;
    yaml::read_map(
        node, "health",
        {{"none",
          [&](const auto& v) {
            if (yaml::boolean(v, "none", mistakes_).value_or(false))
              ++kinds, h.kind = HealthCheck::Kind::none;
          }},
         {"tcp",
          [&](const auto& v) {
            ++kinds, h.kind = HealthCheck::Kind::tcp;
            yaml::into(h.port, yaml::number(v, "tcp", 1, 65535, mistakes_));
          }},
         {"http",
          [&](const auto& v) {
            ++kinds, h.kind = HealthCheck::Kind::http;
            http_path(v, h);
          }},
         {"port",
          [&](const auto& v) {
            path_port = true;
            yaml::into(h.port, port(v));
          }},
         {"interval",
          [&](const auto& v) { yaml::into(h.interval, yaml::duration(v, "interval", mistakes_)); }},
         {"timeout",
          [&](const auto& v) {
            timeout_given = true;
            yaml::into(h.timeout, yaml::duration(v, "timeout", mistakes_));
          }},
         {"rise", [&](const auto& v) { yaml::into(h.rise, yaml::number(v, "rise", 1, 1000, mistakes_)); }},
         {"fall", [&](const auto& v) { yaml::into(h.fall, yaml::number(v, "fall", 1, 1000, mistakes_)); }}},
        mistakes_);
    if (!timeout_given) h.timeout = std::min(h.timeout, h.interval);
    if (kinds != 1 && node.IsMap())
      mistakes_.push_back(yaml::at(node, "health says not which check to make",
                                   "give one of tcp: PORT, http: PATH, none: true"));
    if (path_port && h.kind != HealthCheck::Kind::http)
      mistakes_.push_back(yaml::at(node["port"], "'port' goes with an http check", "write tcp: PORT"));
    if (h.timeout > h.interval)
      mistakes_.push_back(
          yaml::at(node["timeout"], "timeout is longer than the interval", "checks would overlap"));
    return h;
  }

  void http_path(const YAML::Node& node, HealthCheck& h) {
    const auto path = yaml::text(node, "http", mistakes_);
    if (path && !path->starts_with('/'))
      mistakes_.push_back(yaml::at(node, "http is not a path", "write it like /healthz"));
    yaml::into(h.path, path);
  }

  std::optional<Route> route(const YAML::Node& node) {
    std::optional<Prefix> prefix;
    std::optional<Address> next_hop;
    yaml::read_map(
        node, "the service's announce",
        {{"route", [&](const auto& v) { prefix = yaml::network(v, "route", mistakes_); }, required},
         {"next-hop", [&](const auto& v) { next_hop = yaml::address(v, "next-hop", mistakes_); }, required}},
        mistakes_);
    if (!prefix || !next_hop) return std::nullopt;
    return Route{*prefix, *next_hop};
  }

  Mistakes& mistakes_;
  YAML::Node interface_;
};

}  // namespace

Parsed parse(std::string_view text) {
  Parsed parsed;
  const auto documents = yaml::load(text, parsed.mistakes);
  if (!parsed.mistakes.empty()) return parsed;
  if (documents.size() != 1 || documents.front().IsNull()) {
    parsed.mistakes.push_back(
        {0, 0, documents.size() > 1 ? "holds several documents" : "is empty", "one mapping is expected"});
    return parsed;
  }
  parsed.settings = Parser(parsed.mistakes).document(documents.front());
  std::ranges::stable_sort(parsed.mistakes, {}, [](const Mistake& m) { return std::pair(m.line, m.column); });
  return parsed;
}

}  // namespace lbcore::daemon
