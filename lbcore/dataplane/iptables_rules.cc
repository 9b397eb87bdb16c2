#include "lbcore/dataplane/iptables_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>

namespace lbcore::dataplane::iptables {

namespace {

constexpr const char *services_chain = "LBD-SERVICES", *masquerade_chain = "LBD-MASQUERADE";
constexpr std::string_view service_prefix = "LBD-SVC-", server_prefix = "LBD-SEP-";

/// The name of a chain has at most 28 characters, so it is a hash (FNV-1a) of what it is for, as kube-proxy's
/// are.
std::string hashed(std::string_view prefix, std::string_view of) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : of) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{}{:016X}", prefix, hash);
}

std::string endpoint(const Destination& d) { return fmt::format("{}:{}", d.address.str(), d.port); }

std::string chain_of(const ServiceKey& key) { return hashed(service_prefix, ipvs::describe(key)); }

std::string chain_of(const ServiceKey& key, const Destination& d) {
  return hashed(server_prefix, ipvs::describe(key) + " " + endpoint(d));
}

std::string comment(const std::string& text) { return fmt::format("-m comment --comment \"{}\"", text); }

/// As the kernel rounds it (xt_statistic.h has 31 bits) and iptables-save prints it.
std::string probability(std::int64_t share, std::int64_t of) {
  constexpr double one = 0x80000000;
  return fmt::format(
      "{:.11f}",
      static_cast<double>(std::lround(one * static_cast<double>(share) / static_cast<double>(of))) / one);
}

/// Each rule takes its share of what those before it have left.
std::vector<std::string> choice(const VirtualService& service) {
  std::vector<Destination> open;
  std::ranges::copy_if(service.destinations, std::back_inserter(open),
                       [](const auto& d) { return d.weight > 0; });
  std::int64_t weights = 0;
  for (const auto& d : open) weights += d.weight;
  std::vector<std::string> rules;
  for (auto left = open.size(); const auto& d : open) {
    const auto jump = "-j " + chain_of(service.key, d);
    if (left == 1)
      rules.push_back(jump);
    else if (service.scheduler == "rr")
      rules.push_back(fmt::format("-m statistic --mode nth --every {} --packet 0 {}", left, jump));
    else
      rules.push_back(fmt::format("-m statistic --mode random --probability {} {}",
                                  probability(d.weight, weights), jump));
    weights -= d.weight;
    --left;
  }
  return rules;
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Place4 {
  Address address;
  std::uint16_t port = 0;
};

/// "172.16.1.2:80"
std::optional<Place4> place(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto address = Address::parse(text.substr(0, colon));
  const auto port = number<std::uint16_t>(text.substr(colon + 1));
  if (!address || !port) return std::nullopt;
  return Place4{*address, *port};
}

/// What ipvs::describe() said.
std::optional<ServiceKey> key_of(std::string_view kind, std::string_view name) {
  if (kind == "fwmark") {
    const auto mark = number<std::uint32_t>(name);
    return mark ? std::optional<ServiceKey>(ByMark{*mark}) : std::nullopt;
  }
  const auto by = place(name);
  for (const auto protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp})
    if (by && kind == word(protocol)) return ByAddress{by->address, by->port, protocol};
  return std::nullopt;
}

/// The words of a rule's comment.
std::vector<std::string> comment_of(const std::string& rule) {
  const auto begin = rule.find('"');
  const auto end = rule.find('"', begin + 1);
  std::vector<std::string> words;
  if (begin == std::string::npos || end == std::string::npos) return words;
  std::istringstream in(rule.substr(begin + 1, end - begin - 1));
  for (std::string one; in >> one;) words.push_back(one);
  return words;
}

std::string last_word(const std::string& rule) { return rule.substr(rule.rfind(' ') + 1); }

bool is_ours(std::string_view chain) { return chain.starts_with("LBD-"); }

}  // namespace

Chains chains(std::span<const Range> ranges, const Table& services) {
  Chains all;
  for (const auto& range : ranges) {
    const auto service = std::ranges::find(services, lbcore::key_of(range), &VirtualService::key);
    if (service == services.end()) continue;
    const auto key = ipvs::describe(service->key);
    const auto protocol = fmt::format("-p {0} -m {0}", word(range.protocol));
    const auto network = fmt::format("{}/{}", range.addresses.address.str(), range.addresses.length);
    all["PREROUTING"] = {fmt::format("-j {}", services_chain)};
    all[services_chain].push_back(fmt::format("-d {} {} --dport {} {} -j {}", network, protocol, range.port,
                                              comment(key + " " + service->scheduler),
                                              chain_of(service->key)));
    all[chain_of(service->key)] = choice(*service);
    for (const auto& d : service->destinations)
      all[chain_of(service->key, d)] = {fmt::format("{} {} -j DNAT --to-destination {}", protocol,
                                                    comment(fmt::format("{} weight {}", key, d.weight)),
                                                    endpoint(d))};
    if (!range.masquerade) continue;
    const bool host = range.addresses.length == range.addresses.address.bits();  // printed without a length
    all["POSTROUTING"] = {fmt::format("-j {}", masquerade_chain)};
    all[masquerade_chain].push_back(
        fmt::format("-p {} -m conntrack --ctstate DNAT --ctorigdst {} --ctorigdstport {} -j MASQUERADE",
                    word(range.protocol), host ? range.addresses.address.str() : network, range.port));
  }
  return all;
}

Saved parse(std::string_view text) {
  Saved saved;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(":LBD-")) saved.chains[line.substr(1, line.find(' ') - 1)];
    const auto begin = line.find("-A ");
    if (!line.starts_with('[') || begin == std::string::npos) continue;
    const auto chain_end = line.find(' ', begin + 3);
    const auto chain = line.substr(begin + 3, chain_end - begin - 3);
    const auto rule = line.substr(std::min(chain_end + 1, line.size()));
    const bool jump =
        rule == fmt::format("-j {}", services_chain) || rule == fmt::format("-j {}", masquerade_chain);
    if (!is_ours(chain) && !jump) continue;
    auto& rules = saved.chains[chain];
    rules.push_back(rule);
    const auto colon = line.find(':');
    const auto packets = number<std::uint64_t>(std::string_view(line).substr(1, colon - 1));
    const auto bytes = number<std::uint64_t>(std::string_view(line).substr(colon + 1, begin - colon - 3));
    if (rules.size() == 1 && packets && bytes) saved.counts[chain] = {*packets, *bytes};
  }
  return saved;
}

Rules rules(const Saved& saved) {
  Rules found;
  const auto into = saved.chains.find(services_chain);
  if (into == saved.chains.end()) return found;
  for (const auto& rule : into->second) {
    const auto words = comment_of(rule);
    const auto key = words.size() == 3 ? key_of(words[0], words[1]) : std::nullopt;
    if (key) found.table.push_back({.key = *key, .scheduler = words[2], .destinations = {}});
  }
  std::ranges::sort(found.table, {}, &VirtualService::key);
  for (const auto& [chain, rules] : saved.chains) {
    if (!chain.starts_with(server_prefix) || rules.size() != 1) continue;
    const auto words = comment_of(rules[0]);
    const auto key = words.size() == 4 ? key_of(words[0], words[1]) : std::nullopt;
    const auto server = place(last_word(rules[0]));
    const auto weight = key ? number<std::int32_t>(words[3]) : std::nullopt;
    if (!key || !server || !weight) continue;
    const auto service = std::ranges::find(found.table, *key, &VirtualService::key);
    if (service == found.table.end()) continue;
    service->destinations.push_back({.address = server->address, .port = server->port, .weight = *weight});
    if (const auto count = saved.counts.find(chain); count != saved.counts.end())
      found.counts[{*key, server->address, server->port}] = count->second;
  }
  for (auto& service : found.table)
    std::ranges::sort(service.destinations, {}, [](const auto& d) { return std::pair(d.address, d.port); });
  return found;
}

std::string restore(const Chains& want, const Saved& have) {
  if (want == have.chains) return "";
  std::string flushed, added, removed;
  for (const auto& [chain, rules] : want) {
    const auto there = have.chains.find(chain);
    if (!is_ours(chain)) {
      if (there == have.chains.end()) added += fmt::format("-A {} {}\n", chain, rules.front());
      continue;
    }
    flushed += fmt::format(":{} - [0:0]\n", chain);
    for (const auto& rule : rules) {
      const auto count = have.counts.find(chain);
      const bool goes_on = chain.starts_with(server_prefix) && count != have.counts.end();
      added +=
          goes_on ? fmt::format("[{}:{}] -A {} {}\n", count->second.packets, count->second.bytes, chain, rule)
                  : fmt::format("-A {} {}\n", chain, rule);
    }
  }
  for (const auto& [chain, rules] : have.chains) {
    if (want.contains(chain)) continue;
    if (is_ours(chain)) {
      flushed += fmt::format(":{} - [0:0]\n", chain);
      removed += fmt::format("-X {}\n", chain);
    } else {
      added += fmt::format("-D {} {}\n", chain, rules.front());
    }
  }
  return fmt::format("*nat\n{}{}{}COMMIT\n", flushed, added, removed);
}

}  // namespace lbcore::dataplane::iptables
