#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lab/model/diagnostic.hpp"
#include "lab/model/impairment.hpp"
#include "lab/sys/address.hpp"

/// What is done to a running lab, and what must hold: a scenario, as the user wrote it.
namespace lblab::model {

using std::chrono::milliseconds;

/// A value, or a range from which one is drawn, each with the same chance, by the scenario's seed.
template <class T>
struct Drawn {
  T min{}, max{};
  bool is_fixed() const { return min == max; }
  auto operator<=>(const Drawn&) const = default;
};

// --- traffic: probes that run from the scenario's first step to its last ---

/// Datagrams with sequence numbers, echoed: loss, order and outage, flow by flow.
struct UdpTraffic {
  std::string from, to;    // a node; a service, or a node (an echo server is started there)
  std::uint16_t port = 0;  // 0: the service's; never at a node
  int flows = 8;           // source ports
  int rate = 200;          // datagrams per second, over all flows
};
/// Requests at a fixed rate, whether or not those before were answered (open loop); a connection each.
struct HttpTraffic {
  std::string from, to;  // a node; a service
  int rate = 50;         // per second
  milliseconds timeout{5'000};
};
/// Connections that live as long as the scenario and talk both ways.
struct FlowTraffic {
  std::string from, to;  // a node; a service
  int count = 20;
  milliseconds interval{100};  // between a flow's exchanges
};
struct Traffic {
  std::optional<UdpTraffic> udp;
  std::optional<HttpTraffic> http;
  std::optional<FlowTraffic> flows;
};

// --- faults and changes ---

/// `process` empty: all processes of the host.
struct KillProcess {
  std::string host, process;
  int signal = 9;
  bool restart = true;  // after the back-off, as ever; or never
};
struct StartProcess {  // what was killed with `restart: never`
  std::string host, process;
};
struct FreezeProcess {  // SIGSTOP: the silent death
  std::string host, process;
};
struct ThawProcess {
  std::string host, process;
};
/// A pod is taken away in order (TERM), and put back in the same place by `recover`.
struct DeletePod {
  std::string pod;
};
/// Everything on a node (its pods too), a router or a pod is killed at once, and it loses its carrier.
struct CrashHost {
  std::string host;
};
struct RecoverHost {  // from delete, crash
  std::string host;
};
/// A node's carrier is lost on all its networks, its processes live on; and back.
struct PartitionHost {
  std::string host;
};
struct HealHost {
  std::string host;
};
/// At the switch's end, or the far end of a plain link. `interface` empty: the host's first.
struct SetLinkState {
  std::string host, interface;
  bool up = true;
};
struct FlapLink {
  std::string host, interface;
  int times = 3;
  milliseconds period{500};  // down for half of it
};
struct ImpairLink {
  enum class Direction { both, from, to };  // from: what the host sends
  std::string host, interface;
  Direction direction = Direction::both;
  Impairment impairment;
};
struct RepairLink {
  std::string host, interface;
};
struct ScaleService {
  std::string service;
  std::optional<Drawn<int>> pods, load_balancers;  // drawn: other than what it is
};
/// Sends the process its reload signal (SIGHUP).
struct ReloadProcess {
  std::string host, process;
};
/// One connection, to tell whom the server saw: event "connection".
struct Connect {
  std::string from, to;  // nodes or pods
};
struct Wait {
  Drawn<milliseconds> time;
};

// --- expectations ---

/// The next hops of a route in a host's kernel, exactly. `via` names nodes, or one service: the nodes that
/// hold its load balancers then. Empty: no route.
struct RouteExpectation {
  std::string host;
  sys::Prefix route;
  std::vector<std::string> via;
};
/// Established BGP sessions of a host's agent, exactly: names of the peers.
struct SessionExpectation {
  std::string host;
  std::vector<std::string> with;
};
/// The real servers of a host's IPVS table with a weight above 0, exactly: names of pods.
struct IpvsExpectation {
  std::string host;
  std::vector<std::string> real_servers;
};
/// An event that has these members (nested ones by dots are not needed): "event", "host", "state", …
using EventPattern = std::map<std::string, std::string>;
struct EventExpectation {
  EventPattern event;
};
/// The first such events after the step come in this order, in the whole window or `within` a limit.
struct OrderExpectation {
  std::vector<EventPattern> events;
};
/// The longest time in which a UDP flow that a fault hit went without an answer, over flows. (A flow's
/// outage: from the first datagram that stays without an echo to the next that has one.)
struct OutageExpectation {
  std::optional<milliseconds> max, min, p99;  // p99: over the repeats of this step
};
/// HTTP requests that were due in the window and failed.
struct RequestExpectation {
  int failed = 0;               // at most; the largest int: any number
  bool only_in_flight = false;  // those that had begun before the route changed do not count
  std::optional<double> rate;   // at least this share (0…1) of requests due were answered
};
/// Long-lived connections.
struct FlowExpectation {
  std::optional<int> lost;     // at most: reset, closed, blackholed, or answered by another server
  std::optional<int> survive;  // at least
};
/// UDP flows that changed to another next hop although theirs still stood in the route.
struct MovedExpectation {
  int needlessly = 0;  // at most
};
/// Chi-square: fails when even shares would give counts this uneven with a probability below `p`.
struct FairnessExpectation {
  enum class Over { next_hops, real_servers, both };  // both: independence of the two (polarisation)
  Over over = Over::next_hops;
  double p = 1e-6;
};
/// Whom the server saw. For a `connect` step before it; or (of: http, udp) for all of the window's answers.
struct SourceExpectation {
  std::string of;               // "connect", "http", "udp"
  std::vector<std::string> is;  // names of hosts, or one service: its load balancers
};
/// The kernel's counters, by the words of the topology.
inline constexpr std::array<std::string_view, 4> counter_words{
    "reverse-path-filter", "conntrack-insert-failed", "icmp-unreachable", "no-route"};
/// What those of the hosts come to from the scenario's beginning to its end, by their words.
struct CounterExpectation {
  struct Bounds {
    std::optional<std::uint64_t> min = {}, max = {};
    std::string in = {};  // of this host's kernel alone; empty: of all
  };
  std::map<std::string, Bounds> bounds;
};

struct Expectation {
  enum class When { within, throughout, never };
  When when = When::within;
  milliseconds limit{0};  // within; throughout: 0 is the whole window
  std::variant<RouteExpectation, SessionExpectation, IpvsExpectation, EventExpectation, OrderExpectation,
               OutageExpectation, RequestExpectation, FlowExpectation, MovedExpectation, FairnessExpectation,
               SourceExpectation, CounterExpectation>
      what;
};

struct Step;
struct Repeat {
  int times = 1;
  std::vector<Step> steps;
};
/// One of them, drawn.
struct OneOf {
  std::vector<Step> steps;
};

/// Steps follow one another; `at` waits until so long after the scenario began. An expectation's window opens
/// with the last action before it and closes with the next action.
struct Step {
  std::optional<milliseconds> at;
  std::variant<KillProcess, StartProcess, FreezeProcess, ThawProcess, DeletePod, CrashHost, RecoverHost,
               PartitionHost, HealHost, SetLinkState, FlapLink, ImpairLink, RepairLink, ScaleService,
               ReloadProcess, Connect, Wait, Expectation, Repeat, OneOf>
      what;
  Mark mark;
};

/// Somebody else's figures for what a scenario measures, to be shown beside its own.
struct Comparison {
  std::string by;  // "papers, Figure 4.15"
  std::optional<milliseconds> p50, p99, max;
};

struct Scenario {
  std::string name, about;
  Traffic traffic;
  std::vector<Step> steps;
  milliseconds settle{500};  // traffic goes on for so long after the last step
  std::optional<Comparison> compare;
  Mark mark;
};

}  // namespace lblab::model
