#include "lab/plan/compile.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "lab/plan/fate.hpp"
#include "lab/plan/phases.hpp"

namespace lblab::plan {

Plan Phases::join() && {
  Plan all;
  for (auto& plan : plans_) std::ranges::move(plan, std::back_inserter(all));
  return all;
}

namespace {

template <class Kind>
bool is(const Link& link) {
  return std::holds_alternative<Kind>(link.kind);
}

/// The network device that a key is about ("net.ipv4.conf.eth0.rp_filter" → "eth0"), or empty. A leading "-"
/// marks a key that may be missing.
std::string device_of(const std::string& key) {
  const std::size_t start = key.starts_with('-') ? 1 : 0;
  for (const auto* folder : {"net.ipv4.conf.", "net.ipv4.neigh.", "net.ipv6.conf.", "net.ipv6.neigh."}) {
    const std::size_t length = std::char_traits<char>::length(folder);
    if (key.compare(start, length, folder) != 0) continue;
    auto device = key.substr(start + length, key.find('.', start + length) - start - length);
    std::ranges::replace(device, '/',
                         '.');  // as in sysctl.conf(5): the dots of a name are written as slashes
    return device == "all" || device == "default" || device == "lo" ? "" : device;
  }
  return "";
}

/// How long the chain of `after` before it is; a chain that bites its tail counts once round.
std::size_t depth(const Host& host, const Process& process, std::set<std::string> above = {}) {
  std::size_t deepest = 0;
  if (!above.insert(process.name).second) return 0;
  for (const auto& name : process.after) {
    const auto before = std::ranges::find(host.processes, name, &Process::name);
    if (before != host.processes.end()) deepest = std::max(deepest, 1 + depth(host, *before, above));
  }
  return deepest;
}

template <class Key, class Range, class KeyOf>
auto index(const Range& values, KeyOf&& key_of) {
  std::map<Key, const typename Range::value_type*> by_key;
  for (const auto& value : values) by_key.emplace(key_of(value), &value);
  return by_key;
}

/// Turns one host of `have` into the one of `want`; either may be a host that is not there.
class HostCompiler {
 public:
  HostCompiler(const std::string& name, const Host& have, const Host& want, const Fate& fate, Phases& out)
      : name_(name), have_(have), want_(want), fate_(fate), out_(out) {}

  void compile() {
    remove_links();
    make_links();
    addresses();
    sysctls();
    routes();
    neighbours();
    if (have_.nftables != want_.nftables) out_.add(Phase::nftables, SetNftables{name_, want_.nftables});
    files();
    processes();
  }

 private:
  bool stays(const Link& link) const { return fate_.stays(name_, link.name); }
  bool keeps_what_is_set(const std::string& link) const {
    return fate_.stays(name_, link) && !shaken_.contains(link);
  }
  /// Routes go with links and with addresses.
  bool is_disturbed() const { return fate_.is_disturbed(name_) || !shaken_.empty(); }

  void remove_links() {
    for (const auto& link : have_.links) {
      if (stays(link) || is<Loopback>(link) || is_removed_with_its_near_end(link)) continue;
      const auto phase = is<Bridge>(link)                       ? Phase::remove_bridge
                         : is<Veth>(link) || is<VethPeer>(link) ? Phase::remove_pair
                                                                : Phase::remove_stacked_link;
      out_.add(phase, RemoveLink{name_, link.name});
    }
  }

  /// Removing either end of a pair removes both, so the near end does it, unless it goes with its host: that
  /// is over only when the kernel gets to it, and the name would be in the way.
  bool is_removed_with_its_near_end(const Link& link) const {
    const auto near = is<VethPeer>(link) ? fate_.near_end(name_, link.name) : std::nullopt;
    return near && fate_.stays(near->first);
  }

  void make_links() {
    if (!fate_.stays(name_)) out_.add(Phase::up, SetLink{name_, "lo", true});
    for (const auto& link : want_.links) {
      if (stays(link)) {
        configure_if_changed(link);
        continue;
      }
      if (is<Loopback>(link)) continue;
      if (is<VethPeer>(link)) {
        if (!link.master.empty() || link.mtu || !link.mac.empty() || !link.alias.empty())
          out_.add(Phase::configure_link, ConfigureLink{name_, link});
      } else {
        out_.add(is<Bridge>(link) ? Phase::add_bridge
                 : is<Veth>(link) ? Phase::add_pair
                                  : Phase::add_stacked_link,
                 AddLink{name_, link});
      }
      out_.add(is<Bridge>(link) ? Phase::bridge_up : Phase::up, SetLink{name_, link.name, true});
      if (link.impairment != Impairment{}) out_.add(Phase::impair, Impair{name_, link.name, link.impairment});
      if (link.feeds_xdp) out_.add(Phase::feed_xdp, FeedXdp{name_, link.name});
    }
  }

  void configure_if_changed(const Link& want) {
    const Link bare;  // lo, where it was not listed
    const auto* listed = find_link(have_, want.name);
    const Link& have = listed ? *listed : bare;
    const bool freed = !want.master.empty() && !fate_.stays(name_, want.master);
    if (freed || std::tie(have.master, have.mtu, have.mac, have.alias) !=
                     std::tie(want.master, want.mtu, want.mac, want.alias))
      out_.add(Phase::configure_link, ConfigureLink{name_, want});
    if (have.impairment != want.impairment)
      out_.add(Phase::impair, Impair{name_, want.name, want.impairment});
    if (have.feeds_xdp != want.feeds_xdp)
      out_.add(Phase::feed_xdp, FeedXdp{name_, want.name, want.feeds_xdp});
  }

  void addresses() {
    for (const auto& link : want_.links) {
      const auto* had = stays(link) ? find_link(have_, link.name) : nullptr;
      const std::vector<Prefix> none;
      change_addresses(link.name, had ? had->addresses : none, link.addresses);
    }
    for (const auto& link : have_.links)
      if (stays(link) && !find_link(want_, link.name)) change_addresses(link.name, link.addresses, {});
  }

  void change_addresses(const std::string& link, const std::vector<Prefix>& have,
                        const std::vector<Prefix>& want) {
    auto in = [](const std::vector<Prefix>& all, const Prefix& one) {
      return std::ranges::find(all, one) != all.end();
    };
    std::vector<Prefix> removed;
    for (const auto& address : have)
      if (!in(want, address)) {
        out_.add(Phase::remove_address, RemoveAddress{name_, link, address});
        removed.push_back(address);
      }
    if (!removed.empty()) shaken_.insert(link);
    // With the first IPv4 address of a subnet the kernel takes the others away.
    auto goes_along = [&](const Prefix& kept) {
      return std::ranges::any_of(removed, [&](const Prefix& r) { return r.network() == kept.network(); });
    };
    for (const auto& address : want)
      if (!in(have, address) || goes_along(address))
        out_.add(Phase::address, AddAddress{name_, link, address});
  }

  void sysctls() {
    for (const auto& [key, value] : want_.sysctls) {
      const auto device = device_of(key);
      const auto had = have_.sysctls.find(key);
      const bool set =
          had != have_.sysctls.end() && had->second == value && (device.empty() || keeps_what_is_set(device));
      if (!set) out_.add(device.empty() ? Phase::sysctl : Phase::device_sysctl, SetSysctl{name_, key, value});
    }
    for (const auto& [key, value] : have_.sysctls) {
      const auto device = device_of(key);
      if (want_.sysctls.contains(key) || (!device.empty() && !fate_.stays(name_, device))) continue;
      out_.add(device.empty() ? Phase::sysctl : Phase::device_sysctl, SetSysctl{name_, key, ""});
    }
  }

  void routes() {
    using Key = std::pair<Prefix, std::uint32_t>;
    auto key = [](const Route& r) { return Key{r.destination, r.table}; };
    const auto had = index<Key>(have_.routes, key);
    const auto wanted = index<Key>(want_.routes, key);
    std::for_each(have_.routes.rbegin(), have_.routes.rend(), [&](const Route& route) {
      if (!wanted.contains(key(route))) out_.add(Phase::remove_route, RemoveRoute{name_, route});
    });
    for (const auto& route : want_.routes) {
      const auto before = had.find(key(route));
      if (!is_disturbed() && before != had.end() && *before->second == route) continue;
      const bool direct =
          std::ranges::none_of(route.next_hops, [](const NextHop& hop) { return hop.via.has_value(); });
      out_.add(direct ? Phase::direct_route : Phase::route, SetRoute{name_, route});
    }
  }

  void neighbours() {
    auto in = [](const std::vector<Neighbour>& all, const Neighbour& one) {
      return std::ranges::find(all, one) != all.end();
    };
    // The same entry with another MAC is replaced; a forwarding entry is its MAC.
    auto is_replaced = [&](const Neighbour& n) {
      return !n.bridge_fdb && std::ranges::any_of(want_.neighbours, [&](const Neighbour& w) {
        return !w.bridge_fdb && w.link == n.link && w.address == n.address;
      });
    };
    for (const auto& neighbour : have_.neighbours)
      if (fate_.stays(name_, neighbour.link) && !in(want_.neighbours, neighbour) && !is_replaced(neighbour))
        out_.add(Phase::remove_neighbour, RemoveNeighbour{name_, neighbour});
    for (const auto& neighbour : want_.neighbours)
      if (!keeps_what_is_set(neighbour.link) || !in(have_.neighbours, neighbour))
        out_.add(Phase::neighbour, SetNeighbour{name_, neighbour});
  }

  void files() {
    auto path = [](const File& f) { return f.path; };
    const auto had = index<std::string>(have_.files, path);
    const auto wanted = index<std::string>(want_.files, path);
    for (const auto& file : have_.files)
      if (!wanted.contains(file.path)) out_.add(Phase::remove_file, RemoveFile{name_, file.path});
    for (const auto& file : want_.files) {
      const auto before = had.find(file.path);
      if (before != had.end() && *before->second == file) continue;
      out_.add(Phase::file, WriteFile{name_, file});
      written_.insert(file.path);
    }
  }

  void processes() {
    auto name = [](const Process& p) { return p.name; };
    const auto had = index<std::string>(have_.processes, name);
    const auto wanted = index<std::string>(want_.processes, name);
    for (const auto& process : have_.processes) {
      const auto after = wanted.find(process.name);
      if (after == wanted.end() || *after->second != process) out_.add(Phase::stop, Stop{name_, process});
    }
    for (const auto& process : want_.processes) {
      const auto before = had.find(process.name);
      if (before == had.end() || *before->second != process)
        out_.add(Phase::spawn, Spawn{name_, process});
      else if (process.reload_signal &&
               std::ranges::any_of(process.reload_files, [&](const auto& f) { return written_.contains(f); }))
        out_.add(Phase::reload, Reload{name_, process});
    }
  }

  const std::string& name_;
  const Host& have_;
  const Host& want_;
  const Fate& fate_;
  Phases& out_;
  /// Links that lose an address. With its last one a link loses its neighbours and IPv4 settings too.
  std::set<std::string> shaken_;
  std::set<std::string> written_;
};

/// Those that wait for nobody first, on all hosts; then those that wait for them; and so on; each by rank.
void order_by_depth(Plan& spawns, const Lab& lab) {
  auto place_of = [&](const Op& op) {
    const auto& spawn = std::get<Spawn>(op);
    return std::pair{depth(lab.hosts.at(spawn.host), spawn.process), spawn.process.rank};
  };
  std::ranges::stable_sort(spawns, {}, place_of);
}

void order_by_depth_reversed(Plan& stops, const Lab& lab) {
  auto depth_of = [&](const Op& op) {
    const auto& stop = std::get<Stop>(op);
    return depth(lab.hosts.at(stop.host), stop.process);
  };
  std::ranges::stable_sort(stops, std::greater<>{}, depth_of);
}

bool needs(const Op& op, const Stop& other) {
  const auto& stop = std::get<Stop>(op);
  return stop.host == other.host && std::ranges::count(stop.process.after, other.process.name);
}

}  // namespace

std::vector<std::span<const Op>> stop_turns(std::span<const Op> plan) {
  std::vector<std::span<const Op>> turns;
  std::size_t begin = 0, end = 0;
  for (; end < plan.size(); ++end) {
    const auto* stop = std::get_if<Stop>(&plan[end]);
    if (!stop) break;
    const auto turn = plan.subspan(begin, end - begin);
    if (std::ranges::none_of(turn, [&](const Op& earlier) { return needs(earlier, *stop); })) continue;
    turns.push_back(turn);
    begin = end;
  }
  if (end > begin) turns.push_back(plan.subspan(begin, end - begin));
  return turns;
}

Plan compile(const Lab& have, const Lab& want) {
  const Fate fate{have, want};
  Phases out;
  const Host none;
  for (const auto& [name, host] : have.hosts) {
    if (fate.stays(name)) continue;
    for (const auto& process : host.processes) out.add(Phase::stop, Stop{name, process});
    out.add(Phase::remove_host, RemoveHost{name});
  }
  for (const auto& [name, host] : want.hosts) {
    if (!fate.stays(name)) out.add(Phase::add_host, AddHost{name, host.named});
    HostCompiler{name, fate.stays(name) ? have.hosts.at(name) : none, host, fate, out}.compile();
  }
  order_by_depth_reversed(out.of(Phase::stop), have);
  order_by_depth(out.of(Phase::spawn), want);
  return std::move(out).join();
}

}  // namespace lblab::plan
