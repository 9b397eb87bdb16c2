#include "lbcore/dataplane/nftables_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

namespace lbcore::dataplane::nftables {

using nlohmann::json;

namespace {

// Names of chains: "fwmark-1", "fwmark6-1" or "tcp-10.1.1.1-80" of a service, and behind a slash
// "172.16.1.2-80" of its real server. nft takes no colon in them.

std::string with(std::string text, char from, char to) {
  std::ranges::replace(text, from, to);
  return text;
}

std::string place_name(const Address& address, std::uint16_t port) {
  return fmt::format("{}-{}", with(address.str(), ':', '_'), port);
}

std::string chain_of(const ServiceKey& key) {
  if (const auto* marked = std::get_if<ByMark>(&key))
    return fmt::format("fwmark{}-{}", marked->ipv6 ? "6" : "", marked->mark);
  const auto& by = std::get<ByAddress>(key);
  return fmt::format("{}-{}", word(by.protocol), place_name(by.address, by.port));
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<ServiceKey> key_of(std::string_view chain) {
  const auto dash = chain.find('-'), last = chain.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto kind = chain.substr(0, dash);
  if (kind == "fwmark" || kind == "fwmark6") {
    const auto mark = number<std::uint32_t>(chain.substr(dash + 1));
    return mark ? std::optional<ServiceKey>(ByMark{*mark, kind == "fwmark6"}) : std::nullopt;
  }
  for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
    if (kind != word(protocol) || dash == last) continue;
    const auto address = Address::parse(with(std::string(chain.substr(dash + 1, last - dash - 1)), '_', ':'));
    const auto port = number<std::uint16_t>(chain.substr(last + 1));
    if (address && port) return ByAddress{*address, *port, protocol};
  }
  return std::nullopt;
}

// Writing.

const char* family(const Address& address) { return address.bits() == 128 ? "ip6" : "ip"; }

std::string match(const Prefix& p) {
  const bool host = p.length == p.address.bits();  // nft prints no length then
  return fmt::format("{} daddr {}", family(p.address), host ? p.address.str() : p.str());
}

std::string choice(const VirtualService& service, const Range& range, std::int64_t shares) {
  if (service.scheduler == "sh")
    return fmt::format("jhash {} saddr . {} sport mod {}", family(range.addresses.address),
                       word(range.protocol), shares);
  return fmt::format("numgen {} mod {}", service.scheduler == "rr" ? "inc" : "random", shares);
}

std::string service_chain(const VirtualService& service, const Range& range) {
  std::string numbers;
  std::int64_t first = 0;
  for (const auto& d : service.destinations) {
    if (d.weight == 0) continue;
    const auto last = first + d.weight - 1;
    const auto which = first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
    numbers += fmt::format("{}{} : goto {}/{}", numbers.empty() ? "" : ", ", which, chain_of(service.key),
                           place_name(d.address, d.port));
    first = last + 1;
  }
  const auto rule =
      numbers.empty() ? "" : fmt::format("\t\t{} vmap {{ {} }}\n", choice(service, range, first), numbers);
  return fmt::format("\tchain {} {{\n{}\t}}\n", chain_of(service.key), rule);
}

std::string server_chain(const VirtualService& service, const Range& range, const Destination& d,
                         const std::map<Place, Count>& counts) {
  const auto counted = counts.find({service.key, d.address, d.port});
  const auto count = counted == counts.end() ? ""
                                             : fmt::format(" packets {} bytes {}", counted->second.packets,
                                                           counted->second.bytes);
  const auto to = d.address.bits() == 128 ? fmt::format("[{}]", d.address.str()) : d.address.str();
  return fmt::format("\tchain {}/{} {{\n\t\tmeta l4proto {} counter{} dnat {} to {}:{}\n\t}}\n",
                     chain_of(service.key), place_name(d.address, d.port), word(range.protocol), count,
                     family(d.address), to, d.port);
}

std::string base_chain(const char* name, const char* hook, const std::string& rules) {
  return fmt::format("\tchain {} {{\n\t\ttype nat hook {}; policy accept;\n{}\t}}\n", name, hook, rules);
}

// Reading.

/// The first expression of this kind in a rule.
const json* expression(const json& rule, const char* kind) {
  for (const auto& one : rule.at("expr"))
    if (one.is_object() && one.contains(kind)) return &one.at(kind);
  return nullptr;
}

class Reader {
 public:
  Rules read(const json& listing) {
    // What names a service comes before its map, and what a map shares out before the real servers.
    for (const auto take : {&Reader::take_service, &Reader::take_map, &Reader::take_server})
      for (const auto& object : listing.at("nftables"))
        if (object.contains("rule")) (this->*take)(object.at("rule"));
    Rules rules;
    for (auto& [name, service] : services_) rules.table.push_back(std::move(service));
    std::ranges::sort(rules.table, {}, &VirtualService::key);
    for (auto& service : rules.table)
      std::ranges::sort(service.destinations, {}, [](const auto& d) { return std::pair(d.address, d.port); });
    rules.counts = std::move(counts_);
    return rules;
  }

 private:
  void take_service(const json& rule) {
    const auto* gone_to = expression(rule, "goto");
    if (!gone_to) return;
    const std::string chain = gone_to->at("target");
    if (const auto key = key_of(chain))
      services_[chain] = {.key = *key, .scheduler = rule.value("comment", ""), .destinations = {}};
  }

  void take_server(const json& rule) {
    const std::string chain = rule.at("chain");
    const auto service = services_.find(chain.substr(0, chain.find('/')));
    const auto* dnat = expression(rule, "dnat");
    if (service == services_.end() || !dnat) return;
    const auto address = Address::parse(dnat->at("addr").get<std::string>());
    if (!address) return;
    const std::uint16_t port = dnat->at("port");
    service->second.destinations.push_back({.address = *address, .port = port, .weight = weights_[chain]});
    if (const auto* counter = expression(rule, "counter"); counter && counter->is_object())
      counts_[{service->second.key, *address, port}] = {counter->at("packets"), counter->at("bytes")};
  }

  void take_map(const json& rule) {
    const auto* map = services_.contains(rule.at("chain")) ? expression(rule, "vmap") : nullptr;
    if (!map) return;
    for (const auto& element : map->at("data").at("set")) {
      const auto& numbers = element.at(0);
      const std::string chain = element.at(1).at("goto").at("target");
      std::int32_t weight = 1;
      if (numbers.is_object())
        weight =
            numbers.at("range").at(1).get<std::int32_t>() - numbers.at("range").at(0).get<std::int32_t>() + 1;
      weights_[chain] = weight;
    }
  }

  std::map<std::string, VirtualService> services_;
  std::map<std::string, std::int32_t> weights_;
  std::map<Place, Count> counts_;
};

}  // namespace

std::string ruleset(std::span<const Range> ranges, const Table& services,
                    const std::map<Place, Count>& counts) {
  std::string choosers, servers, arriving, leaving;
  const auto append = [](std::string& chains, const std::string& chain) {
    chains += (chains.empty() ? "" : "\n") + chain;
  };
  for (const auto& range : ranges) {
    const auto service = std::ranges::find(services, lbcore::key_of(range), &VirtualService::key);
    if (service == services.end()) continue;
    for (const auto& d : service->destinations) append(servers, server_chain(*service, range, d, counts));
    append(choosers, service_chain(*service, range));
    arriving += fmt::format("\t\t{} {} dport {} goto {} comment \"{}\"\n", match(range.addresses),
                            word(range.protocol), range.port, chain_of(service->key), service->scheduler);
    if (range.masquerade)
      leaving += fmt::format("\t\tmeta l4proto {} ct original {} ct original proto-dst {} masquerade\n",
                             word(range.protocol), match(range.addresses), range.port);
  }
  if (arriving.empty()) return "";
  std::string chains;
  // A map names its servers' chains, so those come first.
  if (!servers.empty()) append(chains, servers);
  append(chains, choosers);
  append(chains, base_chain("prerouting", "prerouting priority dstnat", arriving));
  if (!leaving.empty()) append(chains, base_chain("postrouting", "postrouting priority srcnat", leaving));
  return fmt::format("table {} {{\n{}}}\n", table, chains);
}

Rules parse(std::string_view text) {
  if (text.empty()) return {};
  return Reader{}.read(json::parse(text));
}

}  // namespace lbcore::dataplane::nftables
