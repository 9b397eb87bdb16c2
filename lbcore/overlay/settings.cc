#include "lbcore/overlay/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "lbcore/yaml/read.hpp"

namespace lbcore::overlay {

namespace {

using yaml::required;
constexpr std::size_t longest_device_name = 15;  // IFNAMSIZ - 1

class Reader {
 public:
  Parsed read(std::string_view text) {
    const auto documents = yaml::load(text, parsed_.mistakes);
    if (documents.size() == 1)
      read(documents.front());
    else if (parsed_.mistakes.empty())
      parsed_.mistakes.push_back({1, 1, "the file has no document, or several", "write one"});
    if (parsed_.mistakes.empty()) parsed_.settings = std::move(settings_);
    return std::move(parsed_);
  }

 private:
  Mistakes& mistakes() { return parsed_.mistakes; }

  void read(const YAML::Node& root) {
    yaml::read_map(
        root, "the configuration",
        {{"device", [&](const auto& node) { read_device(node); }, required},
         {"listen", [&](const auto& node) { yaml::into(settings_.listen, ipv4(node, "listen")); }, required},
         {"port",
          [&](const auto& node) {
            yaml::into(settings_.port,
                       yaml::number(node, "port", 1, std::numeric_limits<std::uint16_t>::max(), mistakes()));
          }},
         {"peers", [&](const auto& node) { read_peers(node); }},
         {"routes", [&](const auto& node) { read_routes(node); }}},
        mistakes());
  }

  void read_device(const YAML::Node& node) {
    const auto name = yaml::text(node, "device", mistakes());
    if (!name) return;
    if (name->size() > longest_device_name || name->find_first_of("/ ") != std::string::npos)
      mistakes().push_back(yaml::at(node, fmt::format("'{}' cannot be a device's name", *name),
                                    "write at most 15 characters, as overlay"));
    settings_.device = *name;
  }

  std::optional<Address> ipv4(const YAML::Node& node, const std::string& what) {
    const auto address = yaml::address(node, what, mistakes());
    if (!address || address->bits() == 32) return address;
    mistakes().push_back(yaml::at(node, what + " is IPv6", "write an IPv4 address: nothing else is wrapped"));
    return std::nullopt;
  }

  void read_peers(const YAML::Node& node) {
    yaml::read_list(
        node, "peers",
        [&](const auto& peer) {
          if (const auto address = ipv4(peer, "a peer")) settings_.peers.push_back(*address);
        },
        mistakes());
  }

  void read_routes(const YAML::Node& node) {
    yaml::read_list(
        node, "routes", [&](const auto& route) { read_route(route); }, mistakes());
  }

  void read_route(const YAML::Node& node) {
    std::optional<Prefix> to;
    std::optional<Address> via;
    yaml::read_map(node, "a route",
                   {{"to", [&](const auto& at) { to = yaml::network(at, "to", mistakes()); }, required},
                    {"via", [&](const auto& at) { via = ipv4(at, "via"); }, required}},
                   mistakes());
    if (!to || !via) return;
    if (to->address.bits() != 32)
      mistakes().push_back(yaml::at(node, fmt::format("{} is IPv6", to->str()), "write an IPv4 network"));
    else if (!destinations_.insert(*to).second)
      mistakes().push_back(
          yaml::at(node, fmt::format("there is another route to {}", to->str()), "keep one"));
    else
      settings_.routes.push_back({*to, *via});
  }

  Settings settings_;
  Parsed parsed_;
  std::set<Prefix> destinations_;
};

}  // namespace

Parsed parse(std::string_view text) { return Reader{}.read(text); }

}  // namespace lbcore::overlay
