#include "lab/apply/linux_kernel.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <tuple>

#include "lab/apply/host_folder.hpp"
#include "lab/apply/hosts_file.hpp"
#include "lab/apply/machine_host.hpp"
#include "lab/apply/nftables.hpp"
#include "lab/apply/stragglers.hpp"
#include "lab/apply/sysctl.hpp"
#include "lab/nl/address.hpp"
#include "lab/nl/link.hpp"
#include "lab/nl/neighbour.hpp"
#include "lab/nl/offload.hpp"
#include "lab/nl/qdisc.hpp"
#include "lab/nl/route.hpp"

namespace lblab::apply {

namespace {

constexpr int loopback_index = 1;
constexpr std::uint32_t doomed_group = 0x6c62;  // links about to be removed together

bool is_gone(int error) {
  return error == ENODEV || error == ESRCH || error == ENOENT || error == EADDRNOTAVAIL;
}

template <class... Kinds>
bool is_one_of(const plan::Op& op) {
  return (std::holds_alternative<Kinds>(op) || ...);
}

bool removes(const plan::Op& op) {
  using namespace plan;
  return is_one_of<RemoveHost, RemoveLink, RemoveAddress, RemoveRoute, RemoveNeighbour, RemoveFile>(op);
}

nl::LinkSettings settings_of(const model::Link& link, int index) {
  nl::LinkSettings settings;
  settings.name = link.name;
  settings.index = index;
  settings.mtu = link.mtu;
  settings.mac = link.mac;
  return settings;
}

nl::Netem translate(const model::Impairment& i) {
  constexpr double percent = 0.01;
  constexpr std::uint64_t bits_a_byte = 8;
  return {.delay = i.delay,
          .jitter = i.jitter,
          .loss = i.loss * percent,
          .duplicate = i.duplicate * percent,
          .reorder = i.reorder * percent,
          .rate_bytes = i.rate_bits / bits_a_byte};
}

std::uint8_t type_of(model::Route::Type type) {
  switch (type) {
    case model::Route::Type::unicast:
      return 1;  // RTN_UNICAST
    case model::Route::Type::local:
      return 2;  // RTN_LOCAL
    case model::Route::Type::blackhole:
      return 6;  // RTN_BLACKHOLE
    case model::Route::Type::unreachable:
      return 7;  // RTN_UNREACHABLE
  }
  return 1;
}

/// What was attempted, without the error's own text at the end, which whoever wraps it adds again.
std::string attempt_in(const sys::SystemError& error) {
  const std::string text = error.what(), tail = ": " + error.code().message();
  return text.ends_with(tail) ? text.substr(0, text.size() - tail.size()) : text;
}

}  // namespace

struct LinuxKernel::Impl {
  Settings settings;
  Processes& processes;
  std::optional<NamesFolder> names_folder;
  std::map<std::string, MachineHost> hosts;
  std::map<std::string, std::string> fresh;  // sysctls of a new namespace, as far as they were asked for
  std::optional<sys::Netns> pristine;        // where they are read; for the length of one apply()
  bool hosts_file_is_stale = true;
  const bool machine_has_ipv6 = std::filesystem::exists("/proc/sys/net/ipv6");

  // Of the apply() under way.
  std::span<const plan::Op> ops;
  std::size_t at = 0;
  Absent absent = Absent::is_an_error;
  std::set<std::pair<std::string, std::string>> raised_later, raised_already;
  std::set<std::tuple<std::string, std::string, sys::Prefix>> emptied;  // host, link, subnet
  std::set<std::size_t> gone_along;

  Impl(Settings s, Processes& p) : settings(std::move(s)), processes(p) {}

  ~Impl() {
    std::vector<std::string> all;
    for (const auto& [name, host] : hosts) all.push_back(name);
    try {
      remove_hosts(all);
    } catch (const sys::SystemError&) {
      hosts.clear();
    }
  }

  std::string hosts_file() const { return settings.state + "/etc-hosts"; }
  std::string note() const { return settings.state + "/netns-names"; }

  void apply(std::span<const plan::Op> wanted, Absent what_if_absent) {
    ops = wanted;
    absent = what_if_absent;
    look_ahead();
    try {
      for (at = 0; at < ops.size(); ++at) carry_out();
      flush_all();
      show_names();
    } catch (...) {
      pristine.reset();
      send_the_rest();
      throw;
    }
    pristine.reset();
  }

  /// What is queued when an op has failed must not be sent with a later span.
  void send_the_rest() noexcept {
    for (auto& [name, host] : hosts) {
      host.waits_for.clear();
      try {
        host.socket.flush();
      } catch (const sys::SystemError&) {  // the queue is empty all the same
      }
    }
  }

  /// A port of a bridge is made up, instead of being made and then raised: half the messages of a fabric.
  void look_ahead() {
    raised_later.clear();
    raised_already.clear();
    emptied.clear();
    gone_along.clear();
    for (const auto& op : ops)
      if (const auto* set = std::get_if<plan::SetLink>(&op); set && set->up)
        raised_later.insert({set->host, set->link});
  }

  void carry_out() {
    const std::size_t index = at;
    try {
      std::visit([this](const auto& op) { (*this)(op); }, ops[at]);
    } catch (const ApplyError&) {
      throw;
    } catch (const sys::SystemError& error) {
      if (is_forgiven(index, error.code().value())) return;
      throw ApplyError{index, ops[index], error.code().value(), attempt_in(error)};
    } catch (const std::filesystem::filesystem_error& error) {
      throw ApplyError{index, ops[index], error.code().value(), error.what()};
    }
  }

  bool is_forgiven(std::size_t index, int error) const {
    if (error == EADDRNOTAVAIL && gone_along.contains(index)) return true;
    return absent == Absent::is_fine && (removes(ops[index]) ? is_gone(error) : error == EEXIST);
  }

  MachineHost& host(const std::string& name) {
    const auto found = hosts.find(name);
    if (found == hosts.end()) throw sys::SystemError{"find host " + name, ENOENT};
    return found->second;
  }

  // Netlink: messages are queued by namespace, and sent when another namespace needs their effect, or at the
  // end.

  void queue(MachineHost& to, const nl::Message& message) { queue(to, message, at); }

  void queue(MachineHost& to, const nl::Message& message, std::size_t op_index) {
    if (!to.waits_for.empty())
      for (const auto& name : std::exchange(to.waits_for, {})) flush(host(name));
    to.socket.queue(message, op_index);
  }

  void flush(MachineHost& host) {
    if (!host.socket.has_queued()) return;
    for (const auto& failure : host.socket.flush())
      if (!is_forgiven(failure.cookie, failure.error))
        throw ApplyError{failure.cookie, ops[failure.cookie], failure.error, failure.reason};
  }

  void flush_all() {
    for (auto& [name, host] : hosts) {
      host.waits_for.clear();
      flush(host);
    }
  }

  /// Sends what makes links in this host.
  void settle(MachineHost& here) {
    for (const auto& name : std::exchange(here.waits_for, {})) flush(host(name));
    flush(here);
  }

  int index_of(MachineHost& host, const std::string& link) {
    if (link.empty()) return 0;
    if (link == "lo") return loopback_index;
    const auto known = host.links.find(link);
    if (known != host.links.end()) return known->second.index;
    settle(host);
    return nl::link_named(host.socket, link).index;  // made by a process
  }

  // Hosts

  void operator()(const plan::AddHost& op) {
    if (hosts.contains(op.host)) throw sys::SystemError{"add host " + op.host, EEXIST};
    MachineHost host{op.host};
    host.has_no_ipv6 = !machine_has_ipv6;
    host.folder = HostFolder{settings.state + "/hosts/" + op.host};
    if (op.named && settings.name_namespaces) show(host);
    hosts.emplace(op.host, std::move(host));
    hosts_file_is_stale = true;
  }

  void show(MachineHost& host) {
    try {
      if (!names_folder) names_folder.emplace(note());
      host.shown_name = names_folder->add(settings.lab + "." + host.name, host.netns);
    } catch (...) {
      tidy();
      throw;
    }
  }

  /// Nothing is left of what the hosts shared once there is no host.
  void tidy() noexcept {
    if (!hosts.empty()) return;
    names_folder.reset();
    std::error_code ignored;
    std::filesystem::remove(settings.state + "/hosts", ignored);
    std::filesystem::remove(hosts_file(), ignored);
  }

  /// Those that follow each other go together: one search for processes, and namespaces dropped at once,
  /// which the kernel then takes apart at once.
  void operator()(const plan::RemoveHost&) {
    flush_all();
    std::vector<std::string> names;
    for (; at < ops.size() && is_one_of<plan::RemoveHost>(ops[at]); ++at) {
      const auto& name = std::get<plan::RemoveHost>(ops[at]).host;
      if (hosts.contains(name))
        names.push_back(name);
      else if (absent == Absent::is_an_error)
        throw ApplyError{at, ops[at], ENOENT};
    }
    --at;
    remove_hosts(names);
  }

  void remove_hosts(const std::vector<std::string>& names) {
    std::set<ino_t> inside;
    for (const auto& name : names) {
      processes.removed(name);
      inside.insert(inode_of(hosts.at(name).netns));
    }
    if (!inside.empty()) kill_inside(inside);
    std::vector<MachineHost> doomed;
    for (const auto& name : names) {
      auto node = hosts.extract(name);
      auto& leaving = node.mapped();
      for (const auto& [link, known] : leaving.links)
        if (const auto peer = hosts.find(known.peer_host); peer != hosts.end())
          peer->second.links.erase(known.peer_link);
      leaving.view.reset();
      leaving.shown_name.reset();
      leaving.folder.remove_all();
      doomed.push_back(std::move(leaving));
    }
    hosts_file_is_stale = true;
    tidy();
  }

  // Links

  void operator()(const plan::AddLink& op) {
    auto& here = host(op.host);
    if (here.links.contains(op.link.name)) throw sys::SystemError{"add link " + op.link.name, EEXIST};
    auto made = settings_of(op.link, here.next_index++);
    if (!op.link.master.empty()) made.master = index_of(here, op.link.master);
    std::visit([&](const auto& kind) { add(here, made, kind); }, op.link.kind);
    here.links[made.name].index = made.index;
    if (op.link.alias.empty()) return;
    nl::LinkSettings named;  // a new link is given everything but its alias
    named.index = made.index;
    named.alias = op.link.alias;
    queue(here, nl::set_link(named));
  }

  void add(MachineHost& near, nl::LinkSettings& made, const model::Veth& veth) {
    auto& far = host(veth.peer_host);
    if (far.links.contains(veth.peer_link)) throw sys::SystemError{"add link " + veth.peer_link, EEXIST};
    nl::LinkSettings far_end;
    far_end.name = veth.peer_link;
    far_end.index = far.next_index++;
    flush(far);
    if (made.master && near.has_no_ipv6 && raised_later.contains({near.name, made.name})) {
      made.up = true;
      raised_already.insert({near.name, made.name});
    }
    queue(near, nl::add_veth(made, far_end, far.netns.fd().get()));
    if (&far != &near) far.waits_for.insert(near.name);
    far.links[far_end.name] = {far_end.index, near.name, made.name};
    near.links[made.name] = {made.index, veth.peer_host, veth.peer_link};
  }

  void add(MachineHost& here, const nl::LinkSettings& made, const model::Bridge&) {
    queue(here, nl::add_bridge(made));
  }

  void add(MachineHost& here, const nl::LinkSettings& made, const model::Vxlan& vxlan) {
    queue(here, nl::add_vxlan(made, {vxlan.id, vxlan.local, index_of(here, vxlan.underlay), vxlan.port}));
  }

  void add(MachineHost& here, const nl::LinkSettings& made, const model::Ipip& ipip) {
    queue(here, nl::add_ipip(made, ipip.local, ipip.remote));
  }

  void add(MachineHost& here, const nl::LinkSettings& made, const model::Tun&) {
    here.netns.within([&] { nl::add_tun(made); });
    queue(here, nl::set_link(made));
  }

  void add(MachineHost&, const nl::LinkSettings& made, const model::VethPeer&) {
    throw sys::SystemError{"add " + made.name + ", which its veth's other end makes", EINVAL};
  }
  void add(MachineHost&, const nl::LinkSettings& made, const model::Loopback&) {
    throw sys::SystemError{"add " + made.name + ", which every namespace has", EINVAL};
  }

  void operator()(const plan::RemoveLink& op) {
    auto& here = host(op.host);
    // RTM_DELLINK waits for a grace period (some 18 ms): several of one host go as one group.
    std::vector<std::pair<int, std::size_t>> doomed;  // index of the link, of the op
    for (; at < ops.size() && is_one_of<plan::RemoveLink>(ops[at]); ++at) {
      const auto& next = std::get<plan::RemoveLink>(ops[at]);
      if (next.host != op.host) break;
      if (const auto index = known_index(here, next.link)) doomed.emplace_back(*index, at);
      forget(here, next.link);
    }
    --at;
    if (doomed.size() == 1) {
      queue(here, nl::delete_link(doomed[0].first), doomed[0].second);
    } else if (!doomed.empty()) {
      for (const auto& [index, op_index] : doomed) queue(here, nl::set_group(index, doomed_group), op_index);
      queue(here, nl::delete_group(doomed_group), at);
    }
    flush(here);
  }

  /// Empty if there is no such link and that is fine.
  std::optional<int> known_index(MachineHost& host, const std::string& link) {
    try {
      return index_of(host, link);
    } catch (const sys::SystemError& error) {
      if (absent == Absent::is_fine && error.code().value() == ENODEV) return std::nullopt;
      throw;
    }
  }

  void forget(MachineHost& here, const std::string& link) {
    const auto known = here.links.find(link);
    if (known == here.links.end()) return;
    const auto [index, peer_host, peer_link] = known->second;
    here.links.erase(known);
    here.has_ipv6.erase(link);
    here.impaired.erase(link);
    if (const auto peer = hosts.find(peer_host); peer != hosts.end()) {
      peer->second.links.erase(peer_link);
      peer->second.has_ipv6.erase(peer_link);
    }
  }

  void operator()(const plan::ConfigureLink& op) {
    auto& here = host(op.host);
    auto changed = settings_of(op.link, index_of(here, op.link.name));
    changed.alias = op.link.alias;
    changed.master = index_of(here, op.link.master);
    queue(here, nl::set_link(changed));
  }

  void operator()(const plan::SetLink& op) {
    if (op.up && raised_already.contains({op.host, op.link})) return;
    auto& here = host(op.host);
    nl::LinkSettings changed;
    changed.index = index_of(here, op.link);
    changed.up = op.up;
    const bool silent = op.up && op.link != "lo" && !here.has_ipv6.contains(op.link) && !here.has_no_ipv6;
    if (silent) queue(here, nl::silence_ipv6(changed.index));
    queue(here, nl::set_link(changed));
  }

  void operator()(const plan::Impair& op) {
    auto& here = host(op.host);
    const int index = index_of(here, op.link);
    if (op.impairment != model::Impairment{}) {
      queue(here, nl::set_netem(index, apply::translate(op.impairment)));
      here.impaired.insert(op.link);
    } else if (here.impaired.erase(op.link) > 0) {
      queue(here, nl::delete_qdisc(index));
    }
  }

  /// A veth takes XDP frames only where it has an XDP program or NAPI, which comes with GRO
  /// (drivers/net/veth.c, veth_xdp_xmit()).
  void operator()(const plan::FeedXdp& op) {
    auto& here = host(op.host);
    settle(here);
    here.netns.within([&] {
      nl::set_offload(op.link, nl::Offload::gro, op.on);
      nl::set_offload(op.link, nl::Offload::tx_checksum, !op.on);
    });
  }

  // Addresses, routes, neighbours

  void operator()(const plan::AddAddress& op) {
    auto& here = host(op.host);
    queue(here, nl::set_address({index_of(here, op.link), op.address}));
    if (op.address.address.bits() == 128) here.has_ipv6.insert(op.link);
    const std::pair entry{op.link, op.address};
    if (std::ranges::find(here.addresses, entry) == here.addresses.end()) here.addresses.push_back(entry);
    hosts_file_is_stale = true;
  }

  void operator()(const plan::RemoveAddress& op) {
    auto& here = host(op.host);
    std::erase(here.addresses, std::pair{op.link, op.address});
    // With the first IPv4 address of a subnet the kernel takes the others.
    if (!emptied.insert({op.host, op.link, op.address.network()}).second) gone_along.insert(at);
    hosts_file_is_stale = true;
    queue(here, nl::delete_address({index_of(here, op.link), op.address}));
  }

  nl::Route translate(MachineHost& here, const model::Route& route) {
    nl::Route made;
    made.destination = route.destination.network();
    made.table = route.table;
    made.type = type_of(route.type);
    made.source = route.source;
    made.advmss = static_cast<std::uint32_t>(route.advmss);
    for (const auto& hop : route.next_hops)
      made.next_hops.push_back({hop.via, index_of(here, hop.link), hop.weight, route.on_link});
    if (route.type == model::Route::Type::local && made.next_hops.empty())
      made.next_hops.push_back({std::nullopt, loopback_index});
    return made;
  }

  void operator()(const plan::SetRoute& op) {
    auto& here = host(op.host);
    queue(here, nl::replace_route(translate(here, op.route)));
  }

  void operator()(const plan::RemoveRoute& op) {
    nl::Route doomed;
    doomed.destination = op.route.destination.network();
    doomed.table = op.route.table;
    doomed.type = type_of(op.route.type);
    doomed.protocol = 0;
    queue(host(op.host), nl::delete_route(doomed));
  }

  nl::Neighbour translate(MachineHost& here, const model::Neighbour& n) {
    nl::Neighbour made;
    made.link = index_of(here, n.link);
    made.address = n.address;
    made.mac = n.mac;
    made.bridge_fdb = n.bridge_fdb;
    return made;
  }

  void operator()(const plan::SetNeighbour& op) {
    auto& here = host(op.host);
    queue(here, nl::set_neighbour(translate(here, op.neighbour)));
  }

  void operator()(const plan::RemoveNeighbour& op) {
    auto& here = host(op.host);
    queue(here, nl::delete_neighbour(translate(here, op.neighbour)));
  }

  // Settings

  void operator()(const plan::SetSysctl& op) {
    auto& here = host(op.host);
    const SysctlKey key{op.key};
    const auto device = key.ipv4_device();
    const bool first = here.sysctls.insert(key.name).second;
    if (key.name == "net.ipv6.conf.all.disable_ipv6") here.has_no_ipv6 = op.value == "1";
    if (here.is_untouched && here.links.contains(device))
      if (const auto message = nl::set_ipv4_conf(here.links[device].index, key.setting(), op.value)) {
        queue(here, *message);
        return;
      }
    settle(here);
    const bool elided = first && here.is_untouched && !here.sysctls_spread && !op.value.empty() &&
                        device.empty() && same_value(fresh_value(key), op.value);
    if (elided) return;
    here.sysctls_spread |= key.spreads();
    write_sysctl(here.netns, key, op.value.empty() ? default_value(here, key) : op.value);
  }

  /// The value of a new namespace; empty if it has no such key. A namespace is made only to ask for what is
  /// not known yet.
  const std::string& fresh_value(const SysctlKey& key) {
    const auto known = fresh.find(key.name);
    if (known != fresh.end()) return known->second;
    if (!pristine) pristine = sys::Netns::create();
    return fresh[key.name] = read_sysctl(*pristine, key).value_or("");
  }

  std::string default_value(const MachineHost& here, const SysctlKey& key) {
    const auto device = key.ipv4_device();
    if (device.empty() || device == "lo") return fresh_value(key);
    return read_sysctl(here.netns, SysctlKey{"net.ipv4.conf.default." + key.setting()}).value_or("");
  }

  void operator()(const plan::SetNftables& op) {
    auto& here = host(op.host);
    settle(here);
    replace_nftables(here.netns, op.ruleset);
  }

  // Files and processes

  void operator()(const plan::WriteFile& op) { host(op.host).folder.write(op.file); }
  void operator()(const plan::RemoveFile& op) { host(op.host).folder.remove(op.path); }

  void operator()(const plan::Spawn& op) {
    flush_all();
    auto& here = host(op.host);
    if (absent == Absent::is_fine && here.processes.contains(op.process.name))
      return;  // it was never stopped
    sys::Command command;
    command.argv = op.process.argv;
    auto environment = op.process.environment;
    environment.emplace("PATH", sys::standard_path);
    environment.emplace("HOME", "/root");
    environment.emplace("LANG", "C.UTF-8");
    for (const auto& [name, value] : environment) command.environment.push_back(name + "=" + value);
    command.namespaces = namespaces(here);
    auto out = sys::make_pipe(), err = sys::make_pipe();
    command.out = out.write.get();
    command.err = err.write.get();
    auto process = sys::spawn(command);
    here.processes.insert(op.process.name);
    processes.started(op.host, op.process, std::move(process), std::move(out.read), std::move(err.read));
  }

  void operator()(const plan::Stop& op) {
    if (const auto found = hosts.find(op.host); found != hosts.end())
      found->second.processes.erase(op.process.name);
    processes.signal(op.host, op.process, op.process.stop_signal);
  }

  void operator()(const plan::Reload& op) { processes.signal(op.host, op.process, op.process.reload_signal); }

  std::vector<int> namespaces(MachineHost& here) {
    if (!here.view) {
      here.folder.make();
      write_names();
      here.view.emplace(HostView::Plan{here.name, here.netns, here.folder, hosts_file(), settings.programs});
    }
    here.is_untouched = false;
    return {here.view->mounts().get(), here.view->uts().get(), here.netns.fd().get()};
  }

  // /etc/hosts

  void show_names() {
    const bool anyone_looks =
        std::ranges::any_of(hosts, [](const auto& entry) { return entry.second.view.has_value(); });
    if (anyone_looks) write_names();
  }

  void write_names() {
    if (!std::exchange(hosts_file_is_stale, false)) return;
    std::map<std::string, sys::Address> first;
    for (const auto& [name, host] : hosts)
      for (const auto& [link, prefix] : host.addresses)
        if (link != "lo") first.emplace(name, prefix.address);
    write_hosts_file(hosts_file(), first);
  }
};

LinuxKernel::LinuxKernel(Settings settings, Processes& processes)
    : impl_(std::make_unique<Impl>(std::move(settings), processes)) {}

LinuxKernel::~LinuxKernel() = default;

void LinuxKernel::apply(std::span<const plan::Op> ops, Absent absent) { impl_->apply(ops, absent); }

const sys::Netns& LinuxKernel::netns(const std::string& host) const { return impl_->host(host).netns; }

std::vector<int> LinuxKernel::namespaces(const std::string& host) {
  return impl_->namespaces(impl_->host(host));
}

void LinuxKernel::clear(const Settings& settings) {
  NamesFolder::give_back(settings.state + "/netns-names");
  std::error_code none;
  std::filesystem::remove_all(settings.state + "/hosts", none);
  std::filesystem::remove(settings.state + "/etc-hosts", none);
}

}  // namespace lblab::apply
