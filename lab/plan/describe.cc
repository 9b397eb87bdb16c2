#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "lab/plan/op.hpp"

namespace lblab::plan {

namespace {

struct Kind {
  std::string operator()(const Veth& v) const {
    return fmt::format("veth to {}:{}", v.peer_host, v.peer_link);
  }
  std::string operator()(const VethPeer&) const { return "far end of a veth"; }
  std::string operator()(const Bridge&) const { return "bridge"; }
  std::string operator()(const Vxlan& v) const {
    return fmt::format("vxlan {} local {} port {} over {}", v.id, v.local.str(), v.port, v.underlay);
  }
  std::string operator()(const Ipip& i) const {
    return fmt::format("ipip local {} remote {}", i.local ? i.local->str() : "any",
                       i.remote ? i.remote->str() : "any");
  }
  std::string operator()(const Tun&) const { return "tun"; }
  std::string operator()(const Loopback&) const { return "loopback"; }
};

std::vector<std::string> settings(const Link& link) {
  std::vector<std::string> words;
  if (!link.master.empty()) words.push_back("master " + link.master);
  if (link.mtu) words.push_back(fmt::format("mtu {}", link.mtu));
  if (!link.mac.empty()) words.push_back("mac " + link.mac);
  if (!link.alias.empty()) words.push_back("alias " + link.alias);
  return words;
}

std::string describe(const NextHop& hop) {
  std::string text;
  if (hop.via) text += " via " + hop.via->str();
  if (!hop.link.empty()) text += " dev " + hop.link;
  if (hop.weight != 1) text += fmt::format(" weight {}", hop.weight);
  return text;
}

std::string describe(const Route& route) {
  static constexpr const char* types[] = {"", "local ", "blackhole ", "unreachable "};
  std::string text = fmt::format("route {}{}", types[static_cast<int>(route.type)], route.destination.str());
  for (const auto& hop : route.next_hops) text += (&hop == &route.next_hops[0] ? "" : ",") + describe(hop);
  if (route.on_link) text += " on-link";
  if (route.source) text += " src " + route.source->str();
  if (route.advmss) text += fmt::format(" advmss {}", route.advmss);
  if (route.table != Route{}.table) text += fmt::format(" table {}", route.table);
  return text;
}

std::string describe(const Neighbour& n) {
  return fmt::format("{} {} mac {} dev {}", n.bridge_fdb ? "forward to" : "neighbour", n.address.str(), n.mac,
                     n.link);
}

std::string describe(const Impairment& i) {
  std::vector<std::string> words;
  if (i.delay.count() || i.jitter.count()) words.push_back(fmt::format("delay {} ms", i.delay.count()));
  if (i.jitter.count()) words.push_back(fmt::format("jitter {} ms", i.jitter.count()));
  if (i.loss > 0) words.push_back(fmt::format("loss {} %", i.loss));
  if (i.duplicate > 0) words.push_back(fmt::format("duplicate {} %", i.duplicate));
  if (i.reorder > 0) words.push_back(fmt::format("reorder {} %", i.reorder));
  if (i.rate_bits) words.push_back(fmt::format("rate {} bit/s", i.rate_bits));
  return words.empty() ? "unimpaired" : fmt::format("{}", fmt::join(words, ", "));
}

struct What {
  std::string operator()(const AddHost& op) const { return op.named ? "add host" : "add host, unnamed"; }
  std::string operator()(const RemoveHost&) const { return "remove host"; }
  std::string operator()(const AddLink& op) const {
    auto words = settings(op.link);
    words.insert(words.begin(), std::visit(Kind{}, op.link.kind));
    return fmt::format("add link {}: {}", op.link.name, fmt::join(words, ", "));
  }
  std::string operator()(const RemoveLink& op) const { return "remove link " + op.link; }
  std::string operator()(const ConfigureLink& op) const {
    const auto words = settings(op.link);
    return fmt::format("configure link {}: {}", op.link.name,
                       words.empty() ? "no master" : fmt::format("{}", fmt::join(words, ", ")));
  }
  std::string operator()(const SetLink& op) const {
    return fmt::format("link {} {}", op.link, op.up ? "up" : "down");
  }
  std::string operator()(const Impair& op) const {
    return fmt::format("link {} {}", op.link, describe(op.impairment));
  }
  std::string operator()(const FeedXdp& op) const {
    return fmt::format("link {} {}", op.link,
                       op.on ? "feeds XDP: takes frames back, fills in checksums" : "feeds no XDP");
  }
  std::string operator()(const AddAddress& op) const {
    return fmt::format("address {} dev {}", op.address.str(), op.link);
  }
  std::string operator()(const RemoveAddress& op) const {
    return fmt::format("remove address {} dev {}", op.address.str(), op.link);
  }
  std::string operator()(const SetRoute& op) const { return describe(op.route); }
  std::string operator()(const RemoveRoute& op) const { return "remove " + describe(op.route); }
  std::string operator()(const SetNeighbour& op) const { return describe(op.neighbour); }
  std::string operator()(const RemoveNeighbour& op) const { return "remove " + describe(op.neighbour); }
  std::string operator()(const SetSysctl& op) const {
    return fmt::format("sysctl {} = {}", op.key, op.value.empty() ? "(as in a new namespace)" : op.value);
  }
  std::string operator()(const SetNftables& op) const {
    return op.ruleset.empty() ? "no nftables"
                              : fmt::format("nftables, {} lines", std::ranges::count(op.ruleset, '\n'));
  }
  std::string operator()(const WriteFile& op) const {
    return fmt::format("file {} ({} bytes, mode {:04o})", op.file.path, op.file.text.size(), op.file.mode);
  }
  std::string operator()(const RemoveFile& op) const { return "remove file " + op.path; }
  std::string operator()(const Spawn& op) const {
    return fmt::format("start {}: {}", op.process.name, fmt::join(op.process.argv, " "));
  }
  std::string operator()(const Stop& op) const {
    return fmt::format("stop {} (signal {})", op.process.name, op.process.stop_signal);
  }
  std::string operator()(const Reload& op) const {
    return fmt::format("reload {} (signal {})", op.process.name, op.process.reload_signal);
  }
};

}  // namespace

const std::string& host_of(const Op& op) {
  return std::visit([](const auto& one) -> const std::string& { return one.host; }, op);
}

std::string describe(const Op& op) { return host_of(op) + ": " + std::visit(What{}, op); }

}  // namespace lblab::plan
