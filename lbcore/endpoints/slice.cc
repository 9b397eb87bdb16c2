#include "lbcore/endpoints/slice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "lbcore/yaml/read.hpp"

namespace lbcore::endpoints {

namespace {

using yaml::Others;

struct Conditions {
  std::optional<bool> ready, terminating;
};

struct Port {
  std::string name, protocol = "TCP";
  std::optional<std::uint16_t> number;  // unset: all ports
};

std::string kubernetes_name(Protocol protocol) {
  switch (protocol) {
    case Protocol::tcp:
      return "TCP";
    case Protocol::udp:
      return "UDP";
    case Protocol::sctp:
      return "SCTP";
  }
  return "";
}

class Reader {
 public:
  explicit Reader(const Wanted& wanted) : wanted_(wanted) {}

  void document(const YAML::Node& node) {
    const std::string kind =
        node.IsMap() && node["kind"] && node["kind"].IsScalar() ? node["kind"].Scalar() : "";
    if (kind == "EndpointSliceList" || kind == "List") return list(node);
    if (kind == "EndpointSlice") return slice(node);
    note(node, kind.empty() ? "no 'kind'" : fmt::format("kind '{}'", kind),
         "expected an EndpointSlice, or a list of them");
  }

  Read result() {
    if (slices_ == 0 && lists_ == 0 && mistakes_.empty())
      mistakes_.push_back({0, 0, "holds no EndpointSlice", ""});
    Read read{{}, std::move(mistakes_)};
    if (!read.mistakes.empty()) return read;
    for (const auto& [where, draining] : found_)
      read.endpoints.push_back({where.first, where.second, draining});
    return read;
  }

  Mistakes& mistakes() { return mistakes_; }

 private:
  void note(const YAML::Node& node, std::string wrong, std::string right) {
    mistakes_.push_back(yaml::at(node, std::move(wrong), std::move(right)));
  }

  void list(const YAML::Node& node) {
    ++lists_;
    yaml::read_map(node, "the list",
                   {{"items",
                     [&](const auto& items) {
                       yaml::read_list(
                           items, "items", [&](const auto& item) { document(item); }, mistakes_);
                     }}},
                   mistakes_, Others::are_ignored);
  }

  void slice(const YAML::Node& node) {
    ++slices_;
    // Keys may come in any order, and the endpoints need to know the ports and the address type.
    std::vector<Port> ports;
    std::optional<std::size_t> type;
    YAML::Node endpoints(YAML::NodeType::Null);
    const auto api_version = [&](const YAML::Node& value) {
      if (value.as<std::string>("") != "discovery.k8s.io/v1")
        note(value, fmt::format("apiVersion '{}'", value.as<std::string>("")),
             "discovery.k8s.io/v1 is what is understood");
    };
    const auto one_port = [&](const YAML::Node& value) { ports.push_back(port(value)); };
    yaml::read_map(
        node, "the EndpointSlice",
        {{"apiVersion", api_version, yaml::required},
         {"addressType",
          [&](const auto& value) {
            type = yaml::one_of(value, "addressType", {"IPv4", "IPv6"}, mistakes_);
          },
          yaml::required},
         {"ports", [&](const auto& value) { yaml::read_list(value, "ports", one_port, mistakes_); }},
         {"endpoints", [&](const auto& value) { endpoints.reset(value); }}},
        mistakes_, Others::are_ignored);
    if (!type || endpoints.IsNull()) return;
    const auto number = choose(ports);
    yaml::read_list(
        endpoints, "endpoints", [&](const auto& value) { endpoint(value, *type == 1, number); }, mistakes_);
  }

  Port port(const YAML::Node& node) {
    Port port;
    yaml::read_map(node, "a port",
                   {{"name", [&](const auto& value) { port.name = value.template as<std::string>(""); }},
                    {"protocol",
                     [&](const auto& value) {
                       if (yaml::one_of(value, "protocol", {"TCP", "UDP", "SCTP"}, mistakes_))
                         port.protocol = value.Scalar();
                     }},
                    {"port",
                     [&](const auto& value) {
                       yaml::into(port.number, yaml::number(value, "port", 1, 65535, mistakes_));
                     }}},
                   mistakes_, Others::are_ignored);
    return port;
  }

  /// The slice's port of the wanted protocol and name; none: this slice has nothing for us.
  std::optional<std::uint16_t> choose(const std::vector<Port>& ports) const {
    if (ports.empty()) return wanted_.default_port;
    const auto fits = [&](const Port& port) {
      return port.protocol == kubernetes_name(wanted_.protocol) &&
             (wanted_.port_name.empty() || port.name == wanted_.port_name);
    };
    const auto port = std::ranges::find_if(ports, fits);
    if (port == ports.end()) return std::nullopt;
    return port->number.value_or(wanted_.default_port);
  }

  void endpoint(const YAML::Node& node, bool ipv6, std::optional<std::uint16_t> port) {
    std::vector<Address> addresses;
    Conditions conditions;
    const auto one_address = [&](const YAML::Node& value) {
      const auto address = yaml::address(value, "address", mistakes_);
      if (!address) return;
      if ((address->bits() == 128) != ipv6)
        return note(value, fmt::format("address {} is not of the slice's addressType", address->str()), "");
      addresses.push_back(*address);
    };
    yaml::read_map(node, "an endpoint",
                   {{"addresses",
                     [&](const auto& value) { yaml::read_list(value, "addresses", one_address, mistakes_); },
                     yaml::required},
                    {"conditions", [&](const auto& value) { read_conditions(value, conditions); }}},
                   mistakes_, Others::are_ignored);
    const bool draining = conditions.terminating.value_or(false);
    if (addresses.empty() || !port || !(conditions.ready.value_or(true) || draining)) return;
    // Slices of one service may overlap while an endpoint moves between them: what serves wins.
    const auto [entry, fresh] = found_.try_emplace({addresses.front(), *port}, draining);
    if (!fresh) entry->second = entry->second && draining;
  }

  void read_conditions(const YAML::Node& node, Conditions& conditions) {
    yaml::read_map(
        node, "conditions",
        {{"ready", [&](const auto& value) { conditions.ready = yaml::boolean(value, "ready", mistakes_); }},
         {"terminating",
          [&](const auto& value) {
            conditions.terminating = yaml::boolean(value, "terminating", mistakes_);
          }}},
        mistakes_, Others::are_ignored);
  }

  const Wanted& wanted_;
  Mistakes mistakes_;
  std::map<std::pair<Address, std::uint16_t>, bool> found_;  // → draining
  int slices_ = 0, lists_ = 0;
};

}  // namespace

Read read_slices(std::string_view text, const Wanted& wanted) {
  Reader reader(wanted);
  for (const auto& document : yaml::load(text, reader.mistakes()))
    if (!document.IsNull()) reader.document(document);
  return reader.result();
}

}  // namespace lbcore::endpoints
