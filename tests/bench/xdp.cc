#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <xdp_undo.skel.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fixtures/program.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/netns.hpp"
#include "lbcore/xdp/balancer.hpp"
#include "tests/kernel/xdp_packets.hpp"

/// What the XDP load balancer costs a packet, as BPF_PROG_TEST_RUN repeats it: nanoseconds, and ratios to an
/// empty program that returns XDP_TX, run in turns with it. An IPv4 TCP packet of a connection that is
/// remembered, which goes into a tunnel; since a repetition gets the changed packet, what was done is undone,
/// and the price of that left out.
namespace {

using namespace lblab;
using namespace lblab::packets;
using lbcore::xdp::Balancer;
using sys::check;

constexpr auto own_mac = "02:00:00:00:00:02", gateway_mac = "02:00:00:00:00:01", client = "192.0.2.10";
constexpr int rounds = 15, repeat = 200'000;

/// The balancer's interface, with a gateway that is known.
sys::Netns place() {
  auto netns = sys::Netns::create();
  const std::vector<std::vector<std::string>> commands = {
      {"ip", "link", "add", "edge", "address", own_mac, "type", "veth", "peer", "name", "node"},
      {"ip", "link", "set", "edge", "up"},
      {"ip", "link", "set", "node", "up"},
      {"ip", "addr", "add", "172.16.1.2/24", "dev", "edge"},
      {"ip", "route", "add", "default", "via", "172.16.1.1"},
      {"ip", "neigh", "add", "172.16.1.1", "lladdr", gateway_mac, "dev", "edge", "nud", "permanent"}};
  for (const auto& command : commands) fixtures::output_of(command, netns);
  return netns;
}

/// Ten real servers a service; to one the way is looked up, to the other it is configured.
void serve(Balancer& balancer) {
  using namespace lbcore::xdp;
  Service by_route{{lbcore::Prefix::parse("10.1.1.0/24").value(), 80}, {}},
      by_mac{{lbcore::Prefix::parse("10.1.2.0/24").value(), 80}, {}};
  for (unsigned i = 0; i < 10; ++i) {
    RealServer server{.address = ip("172.16.2.2") + i};
    by_route.servers.push_back(server);
    server.mac = Mac{2, 0, 0, 0, 0, 1};
    by_mac.servers.push_back(server);
  }
  balancer.set_services({by_route, by_mac});
}

/// The programs of xdp_undo.bpf.c over the maps of the balancer.
class Programs {
 public:
  explicit Programs(const Balancer& balancer) : object_(xdp_undo__open()) {
    if (!object_) throw sys::SystemError{"read the programs"};
    std::array<std::uint32_t, 64> ids{};
    bpf_prog_info info{};
    info.nr_map_ids = ids.size();
    info.map_ids = reinterpret_cast<std::uintptr_t>(ids.data());
    std::uint32_t size = sizeof info;
    check("read about the balancer", bpf_obj_get_info_by_fd(balancer.program(), &info, &size));
    for (std::uint32_t i = 0; i < info.nr_map_ids; ++i) {
      const sys::Fd map{check("open a map", bpf_map_get_fd_by_id(ids[i]))};
      bpf_map_info about{};
      size = sizeof about;
      check("read about a map", bpf_obj_get_info_by_fd(map.get(), &about, &size));
      bpf_map* mine = nullptr;
      bpf_object__for_each_map(mine, object_->obj) {
        const bool same = std::string(bpf_map__name(mine)).substr(0, BPF_OBJ_NAME_LEN - 1) == about.name;
        if (same && !bpf_map__is_internal(mine)) check("share a map", bpf_map__reuse_fd(mine, map.get()));
      }
    }
    check("load the programs", xdp_undo__load(object_.get()));
  }
  int empty() const { return bpf_program__fd(object_->progs.empty); }
  int undone() const { return bpf_program__fd(object_->progs.balance_and_undo); }
  int undoing() const { return bpf_program__fd(object_->progs.do_and_undo); }

 private:
  struct Destroy {
    void operator()(xdp_undo* object) const { xdp_undo__destroy(object); }
  };
  std::unique_ptr<xdp_undo, Destroy> object_;
};

struct Contender {
  std::string name;
  int program;
  Bytes packet;
  std::uint32_t verdict;
  std::vector<double> ns = {};
  double median() {
    std::ranges::sort(ns);
    return ns[ns.size() / 2];
  }
};

/// Nanoseconds a repetition, as the kernel measured them.
double measure(const Contender& c, unsigned link) {
  xdp_md context{};
  context.data_end = static_cast<std::uint32_t>(c.packet.size());
  context.ingress_ifindex = link;
  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = c.packet.data(),
              .data_size_in = static_cast<std::uint32_t>(c.packet.size()), .ctx_in = &context,
              .ctx_size_in = sizeof context, .repeat = repeat);
  check("run " + c.name, bpf_prog_test_run_opts(c.program, &options));
  if (options.retval != c.verdict)
    throw std::runtime_error(c.name + " returned " + std::to_string(options.retval));
  return options.duration;
}

Bytes packet(const std::string& service, unsigned ttl = 64) {
  return ethernet(own_mac, gateway_mac, 0x800,
                  Ipv4{.from = client, .to = service, .ttl = ttl} / tcp(client, service, {}));
}

void report(std::vector<Contender>& all) {
  const double empty = all[0].median(), undoing = all[1].median() - empty;
  fmt::print("XDP load balancer, BPF_PROG_TEST_RUN, median of {} x {} repetitions:\n", rounds, repeat);
  for (auto& c : all) {
    const bool undone = c.verdict == XDP_TX && &c != &all[0] && &c != &all[1];
    const double ns = c.median() - (undone ? undoing : 0);
    fmt::print("  {:56} {:5.0f} ns, {:5.1f} of the empty program ({:.0f}..{:.0f} ns{})\n", c.name, ns,
               ns / empty, c.ns.front(), c.ns.back(),
               undone ? fmt::format(" with {:.0f} ns of undoing", undoing) : "");
  }
}

}  // namespace

int main() {
  const auto netns = place();
  return netns.within([&] {
    Balancer balancer{{.interface = "edge", .source4 = ip("172.16.1.2")}};
    serve(balancer);
    const Programs programs{balancer};
    const auto link = ::if_nametoindex("edge");
    std::vector<Contender> all = {
        {"empty: returns XDP_TX", programs.empty(), packet("10.1.1.7"), XDP_TX},
        {"an outer header put on and taken off", programs.undoing(), packet("10.1.1.7"), XDP_TX},
        {"forwarded, the way looked up (bpf_fib_lookup)", programs.undone(), packet("10.1.1.7"), XDP_TX},
        {"forwarded, the way configured", programs.undone(), packet("10.1.2.7"), XDP_TX},
        {"dropped for its TTL: parsed, connection and server found", balancer.program(),
         packet("10.1.1.7", 1), XDP_DROP},
        {"passed, no service's: parsed, no connection, no service", balancer.program(), packet("10.1.3.7"),
         XDP_PASS}};
    for (int round = -1; round < rounds; ++round)  // the first warms caches, and the connections
      for (auto& c : all) {
        const auto ns = measure(c, link);
        if (round >= 0) c.ns.push_back(ns);
      }
    report(all);
    return 0;
  });
}
