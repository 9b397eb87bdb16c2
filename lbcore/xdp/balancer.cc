#include "lbcore/xdp/balancer.hpp"

#include <arpa/inet.h>
#include <balancer_bpf.skel.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "lab/nl/link.hpp"
#include "lab/sys/error.hpp"
#include "lbcore/xdp/maps.hpp"

namespace lbcore::xdp {
namespace {

namespace nl = lblab::nl;
using lblab::sys::check;
using lblab::sys::Fd;
using lblab::sys::SystemError;

constexpr std::uint32_t only = 0;  // the key of maps that have one entry
constexpr std::uint32_t most_weight = std::numeric_limits<decltype(xdp_destination::weight)>::max();

Interface interface_named(const std::string& name) {
  nl::Socket socket;
  return {nl::link_named(socket, name).index, name};
}

/// bpf_fib_lookup() refuses packets of an interface that does not forward.
void allow_forwarding(const std::string& interface) {
  for (const auto* family : {"ipv4", "ipv6"}) {
    const auto path = fmt::format("/proc/sys/net/{}/conf/{}/forwarding", family, interface);
    const Fd file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
    if (!file && errno == ENOENT) continue;  // a kernel, or an interface, without IPv6
    const auto attempt = "let " + interface + " forward";
    check(attempt, file.get());
    check(attempt, static_cast<int>(::write(file.get(), "1", 1)));
  }
}

Mac parse_mac(const std::string& text) {
  Mac mac{};
  for (std::size_t i = 0; i < mac.size(); ++i)
    mac[i] = static_cast<std::uint8_t>(std::stoul(text.substr(i * 3, 2), nullptr, 16));
  return mac;
}

int fd(const bpf_map* map) { return bpf_map__fd(map); }

void copy(const Address& address, std::uint8_t (&to)[16]) {
  std::ranges::fill(to, std::uint8_t{0});
  std::ranges::copy(address.bytes(), to);
}

bool is_ipv6(const ServiceName& name) { return name.addresses.address.family() == AF_INET6; }

xdp_service_key key_of(const ServiceName& name, bool fragments = false) {
  xdp_service_key key{};
  key.prefix_length = static_cast<std::uint32_t>(XDP_SERVICE_FIXED_BITS + name.addresses.length);
  key.port = htons(name.port);
  key.protocol = static_cast<std::uint8_t>(name.protocol);
  key.kind =
      static_cast<std::uint8_t>((is_ipv6(name) ? XDP_IPV6 : XDP_IPV4) | (fragments ? XDP_FRAGMENTS : 0));
  copy(name.addresses.address, key.address);
  return key;
}

ServiceName name_of(const xdp_service_key& key) {
  const bool v6 = (key.kind & ~XDP_FRAGMENTS) == XDP_IPV6;
  return {{Address::from_bytes({key.address, v6 ? 16u : 4u}),
           static_cast<int>(key.prefix_length) - XDP_SERVICE_FIXED_BITS},
          ntohs(key.port),
          static_cast<Protocol>(key.protocol)};
}

xdp_destination value_of(const RealServer& server, std::uint32_t service, std::uint32_t generation) {
  xdp_destination value{};
  value.generation = generation;
  value.service = static_cast<std::uint16_t>(service);
  value.weight = static_cast<std::uint16_t>(server.weight);
  copy(server.address, value.address);
  value.forwarding = server.forwarding == Forwarding::tunnel ? XDP_TUNNEL : XDP_DIRECT;
  value.has_mac = server.mac.has_value();
  if (server.mac) std::ranges::copy(*server.mac, value.mac);
  return value;
}

RealServer server_of(const Address& address, const xdp_destination& value) {
  RealServer server{.address = address, .weight = value.weight};
  server.forwarding = value.forwarding == XDP_TUNNEL ? Forwarding::tunnel : Forwarding::direct;
  if (value.has_mac) std::ranges::copy(value.mac, server.mac.emplace().begin());
  return server;
}

bool equal(const xdp_destination& a, const xdp_destination& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

std::vector<Weighted> weights_of(const Service& service) {
  std::vector<Weighted> weights;
  for (const auto& s : service.servers)
    if (s.weight > 0) weights.push_back({s.address, s.weight});
  std::ranges::sort(weights);
  return weights;
}

ServiceName fragments_of(ServiceName name) {
  name.port = 0;
  return name;
}

std::string about(const ServiceName& name) { return "balance " + name.str(); }
std::string about(const ServiceName& name, const Address& server) {
  return "balance " + name.str() + " over " + server.str();
}

/// The table of a service in the kernel; empty: it has none.
Fd table_in_kernel(const std::string& attempt, int tables, std::uint32_t slot) {
  const auto id = get<std::uint32_t>(attempt, tables, slot);
  return id ? Fd{check(attempt, bpf_map_get_fd_by_id(*id))} : Fd{};
}

std::vector<Traffic> traffic_at(int map, std::uint32_t slot) {
  std::vector<xdp_traffic> values(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  check("read counters", bpf_map_lookup_elem(map, &slot, values.data()));
  std::vector<Traffic> out;
  for (const auto& v : values) out.push_back({v.packets, v.bytes});
  return out;
}

/// As the program writes it into xdp_choice.
std::uint32_t seen_at(std::chrono::steady_clock::time_point time) {
  const std::chrono::nanoseconds since_boot = time.time_since_epoch();
  return since_boot.count() < 0 ? 1 : static_cast<std::uint32_t>(since_boot.count() >> XDP_SEEN_SHIFT) + 1;
}

}  // namespace

Balancer::Slot Balancer::Slots::take(const std::string& what) {
  Slot slot = 0;
  for (auto it = used_.begin(); it != used_.end() && *it == slot; ++it) ++slot;
  if (slot == count_) throw SystemError{what, ENOSPC};
  used_.insert(slot);
  return slot;
}

Balancer::Balancer(const Settings& settings)
    : settings_(settings),
      object_(interface_named(settings.interface), settings.modulus),
      service_slots_(bpf_map__max_entries(object_.maps().maps.tables)),
      server_slots_(bpf_map__max_entries(object_.maps().maps.destinations)),
      generations_(bpf_map__max_entries(object_.maps().maps.destinations)) {
  if (object_.adopted()) adopt();
  allow_forwarding(settings.interface);
  write_settings();
}

void Balancer::write_settings() {
  nl::Socket socket;
  const auto link = nl::link_named(socket, settings_.interface);
  xdp_settings value{};
  value.layout = XDP_LAYOUT;
  value.mtu = static_cast<std::uint32_t>(link.mtu);
  const auto mac = parse_mac(link.mac);
  std::ranges::copy(mac, value.mac);
  if (settings_.source4) std::memcpy(&value.source4, settings_.source4->bytes().data(), 4);
  if (settings_.source6) copy(*settings_.source6, value.source6);
  put("write the settings of the XDP load balancer", fd(object_.maps().maps.settings), only, value);
}

void Balancer::adopt() {
  const auto& maps = object_.maps().maps;
  const std::string attempt = "adopt the XDP load balancer of " + settings_.interface;
  std::map<Slot, Known*> by_slot;
  for (const auto& key : keys<xdp_service_key>(attempt, fd(maps.services))) {
    if (key.kind & XDP_FRAGMENTS) {
      fragments_.insert(name_of(key));
      continue;
    }
    auto& known = services_[name_of(key)];
    known.slot = get<Slot>(attempt, fd(maps.services), key).value();
    known.listed = true;
    service_slots_.claim(known.slot);
    by_slot.emplace(known.slot, &known);
  }
  const auto values =
      all<xdp_destination>(attempt, fd(maps.destinations), bpf_map__max_entries(maps.destinations));
  for (Slot slot = 0; slot < values.size(); ++slot) {
    auto value = values[slot];
    generations_[slot] = value.generation;
    if (value.forwarding == XDP_FREE) continue;
    if (const auto owner = by_slot.find(value.service); owner != by_slot.end()) {
      const bool v6 = is_ipv6(
          std::ranges::find_if(services_, [&](const auto& s) { return &s.second == owner->second; })->first);
      owner->second->servers[Address::from_bytes({value.address, v6 ? 16u : 4u})] = {slot, value};
      server_slots_.claim(slot);
    } else {  // left over by one that ended while it removed a service
      value.forwarding = XDP_FREE;
      put(attempt, fd(maps.destinations), slot, value);
    }
  }
}

void Balancer::validate(const std::vector<Service>& services) const {
  const auto refuse = [](bool wrong, const std::string& what) {
    if (wrong) throw SystemError{what, EINVAL};
  };
  std::set<ServiceName> names;
  for (const auto& service : services) {
    const auto& name = service.name;
    refuse(!names.insert(name).second, about(name) + ", which is there twice");
    refuse(!name.addresses.is_network(), about(name) + ", which has host bits");
    std::set<Address> addresses;
    for (const auto& server : service.servers) {
      const auto what = about(name, server.address);
      refuse(!addresses.insert(server.address).second, what + ", which is there twice");
      refuse(server.address.family() != name.addresses.address.family(), what + ", of another family");
      refuse(server.forwarding == Forwarding::nat, what + " by NAT");
      refuse(server.weight > most_weight, what + ", of too much weight");
      const auto& source = is_ipv6(name) ? settings_.source6 : settings_.source4;
      refuse(server.forwarding == Forwarding::tunnel && !source, what + " by a tunnel without a source");
    }
    refuse(weights_of(service).size() > settings_.modulus, about(name) + ": more servers than entries");
  }
}

std::size_t Balancer::set_services(const std::vector<Service>& services) {
  validate(services);
  changes_ = 0;
  std::set<ServiceName> wanted;
  for (const auto& s : services) wanted.insert(s.name);
  std::vector<ServiceName> gone;
  for (const auto& [name, known] : services_)
    if (!wanted.contains(name)) gone.push_back(name);
  for (const auto& service : services) set(service);
  for (const auto& name : gone) remove(name);
  set_fragments(services);
  neighbours_.keep(by_route());
  return changes_;
}

/// The servers that no MAC address is configured for.
std::set<Address> Balancer::by_route() const {
  std::set<Address> servers;
  for (const auto& [name, known] : services_)
    for (const auto& [address, server] : known.servers)
      if (!server.value.has_mac) servers.insert(address);
  return servers;
}

void Balancer::refresh() {
  write_settings();
  neighbours_.forget();
  neighbours_.keep(by_route());
}

bool Balancer::is_affected_by(const nlmsghdr& told) const {
  switch (told.nlmsg_type) {
    case RTM_NEWNEIGH:  // its MAC address or its state, which the program looks up
      return false;
    case RTM_DELNEIGH: {
      const auto gone = nl::parse_neighbour(told);
      return gone && neighbours_.is_needed(*gone);
    }
    default:
      return true;
  }
}

Balancer::Known& Balancer::known(const ServiceName& name) {
  if (const auto it = services_.find(name); it != services_.end()) return it->second;
  const auto slot = service_slots_.take(about(name));
  auto& made = services_[name];
  made.slot = slot;
  clear_traffic(fd(object_.maps().maps.service_traffic), slot);
  return made;
}

void Balancer::set(const Service& service) {
  auto& known = this->known(service.name);
  set_servers(known, service);
  set_table(known, service);
  drop_servers(known, &service);
  if (known.listed) return;
  put(about(service.name), fd(object_.maps().maps.services), key_of(service.name), known.slot);
  known.listed = true;
  ++changes_;
}

void Balancer::set_servers(Known& known, const Service& service) {
  const auto& maps = object_.maps().maps;
  for (const auto& server : service.servers) {
    const auto attempt = about(service.name, server.address);
    auto it = known.servers.find(server.address);
    if (it == known.servers.end()) {
      const auto slot = server_slots_.take(attempt);
      it = known.servers.emplace(server.address, Server{slot}).first;
      ++generations_[slot];
      clear_traffic(fd(maps.destination_traffic), slot);
    }
    auto& [slot, value] = it->second;
    const auto wanted = value_of(server, known.slot, generations_[slot]);
    if (equal(value, wanted)) continue;
    put(attempt, fd(maps.destinations), slot, wanted);
    value = wanted;
    ++changes_;
  }
}

void Balancer::set_table(Known& known, const Service& service) {
  auto weights = weights_of(service);
  if (known.weights == weights) return;
  const int tables = fd(object_.maps().maps.tables);
  const auto attempt = about(service.name);
  auto table = table_in_kernel(attempt, tables, known.slot);
  auto entries = maglev_table(weights, settings_.modulus);
  for (auto& entry : entries) entry = known.servers.at(weights[entry].address).slot;
  if (entries.empty()) {
    if (table) take(attempt, tables, known.slot), ++changes_;
  } else if (!table) {
    table = Fd{check(attempt,
                     bpf_map_create(BPF_MAP_TYPE_ARRAY, "maglev", 4,
                                    static_cast<std::uint32_t>(entries.size() * sizeof(Slot)), 1, nullptr))};
    check(attempt, bpf_map_update_elem(table.get(), &only, entries.data(), BPF_ANY));
    put(attempt, tables, known.slot, table.get());
    changes_ += 2;
  } else {
    std::vector<Slot> present(entries.size());
    check(attempt, bpf_map_lookup_elem(table.get(), &only, present.data()));
    if (present != entries) {
      check(attempt, bpf_map_update_elem(table.get(), &only, entries.data(), BPF_ANY));
      ++changes_;
    }
  }
  known.weights = std::move(weights);
}

/// All of them where nothing is wanted.
void Balancer::drop_servers(Known& known, const Service* wanted) {
  const int destinations = fd(object_.maps().maps.destinations);
  std::erase_if(known.servers, [&](const auto& entry) {
    const auto& [address, server] = entry;
    if (wanted && std::ranges::find(wanted->servers, address, &RealServer::address) != wanted->servers.end())
      return false;
    auto value = server.value;
    value.forwarding = XDP_FREE;
    put("remove " + address.str(), destinations, server.slot, value);
    ++changes_;
    server_slots_.give(server.slot);
    return true;
  });
}

void Balancer::remove(const ServiceName& name) {
  const auto& maps = object_.maps().maps;
  const auto attempt = "remove " + name.str();
  auto& known = services_.at(name);
  take(attempt, fd(maps.services), key_of(name));
  ++changes_;
  if (table_in_kernel(attempt, fd(maps.tables), known.slot))
    take(attempt, fd(maps.tables), known.slot), ++changes_;
  drop_servers(known, nullptr);
  service_slots_.give(known.slot);
  services_.erase(name);
}

void Balancer::set_fragments(const std::vector<Service>& services) {
  const int map = fd(object_.maps().maps.services);
  std::set<ServiceName> wanted;
  for (const auto& s : services) wanted.insert(fragments_of(s.name));
  for (const auto& name : wanted) {
    if (fragments_.contains(name)) continue;
    put(about(name), map, key_of(name, true), only);
    ++changes_;
  }
  for (const auto& name : fragments_) {
    if (wanted.contains(name)) continue;
    take("remove " + name.str(), map, key_of(name, true));
    ++changes_;
  }
  fragments_ = std::move(wanted);
}

void Balancer::clear_traffic(int map, Slot slot) {
  const std::vector<xdp_traffic> zero(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  check("clear counters", bpf_map_update_elem(map, &slot, zero.data(), BPF_ANY));
}

std::vector<Service> Balancer::services() const {
  std::vector<Service> out;
  for (const auto& [name, known] : services_) {
    auto& service = out.emplace_back(Service{name, {}});
    for (const auto& [address, server] : known.servers)
      service.servers.push_back(server_of(address, server.value));
  }
  return out;
}

/// By server slot.
std::vector<Connections> Balancer::connections() const {
  const auto& maps = object_.maps().maps;
  std::vector<Connections> by_slot(generations_.size());
  const auto oldest = seen_at(std::chrono::steady_clock::now() - idle_after);
  const auto count = [&](const xdp_choice& choice) {
    if (choice.destination >= by_slot.size() || choice.generation != generations_[choice.destination]) return;
    auto& connections = by_slot[choice.destination];
    ++(choice.seen != XDP_ENDED && choice.seen >= oldest ? connections.active : connections.inactive);
  };
  for_each<xdp_flow4, xdp_choice>("count connections", fd(maps.flows4), count);
  for_each<xdp_flow6, xdp_choice>("count connections", fd(maps.flows6), count);
  return by_slot;
}

std::vector<ServiceCounters> Balancer::counters() const {
  const auto& maps = object_.maps().maps;
  const auto connections = this->connections();
  std::vector<ServiceCounters> out;
  for (const auto& [name, known] : services_) {
    auto& service = out.emplace_back();
    service.name = name;
    service.per_cpu = traffic_at(fd(maps.service_traffic), known.slot);
    for (const auto& [address, server] : known.servers)
      service.servers.push_back(
          {address, traffic_at(fd(maps.destination_traffic), server.slot), connections[server.slot]});
  }
  return out;
}

Events Balancer::events() const {
  const int map = fd(object_.maps().maps.events);
  const auto of = [&](std::uint32_t event) {
    std::vector<std::uint64_t> values(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    check("read counters", bpf_map_lookup_elem(map, &event, values.data()));
    std::uint64_t total = 0;
    for (const auto v : values) total += v;
    return total;
  };
  return {.chosen = of(XDP_EVENT_CHOSEN),
          .icmp_error = of(XDP_EVENT_ICMP_ERROR),
          .fragment = of(XDP_EVENT_FRAGMENT),
          .ttl = of(XDP_EVENT_TTL),
          .no_server = of(XDP_EVENT_NO_SERVER),
          .too_big = of(XDP_EVENT_TOO_BIG),
          .no_neighbour = of(XDP_EVENT_NO_NEIGHBOUR),
          .unreachable = of(XDP_EVENT_UNREACHABLE),
          .no_headroom = of(XDP_EVENT_NO_HEADROOM)};
}

}  // namespace lbcore::xdp
