#pragma once

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "lab/expect/judge.hpp"

/// Evidence made up for tests: the papers' cluster with three load balancers, at work since before the
/// scenario began. Times are seconds since then.
namespace lblab::test {

using nlohmann::json;
using Set = std::set<std::string>;

inline std::chrono::nanoseconds clock_at(double t) {
  return std::chrono::nanoseconds{static_cast<std::int64_t>((100 + t) * 1e9)};
}

inline model::Expectation within(std::chrono::milliseconds limit, auto what) {
  return {model::Expectation::When::within, limit, what};
}
inline model::Expectation throughout(std::chrono::milliseconds limit, auto what) {
  return {model::Expectation::When::throughout, limit, what};
}
inline model::Expectation never(auto what) { return {model::Expectation::When::never, {}, what}; }
inline model::Expectation in_window(auto what) {
  return {model::Expectation::When::within, std::chrono::milliseconds{0}, what};
}

inline const std::vector<std::string> all_nodes{"node1", "node2", "node3"};
inline const std::vector<std::string> all_pods{"web-1", "web-2", "web-3", "web-4", "web-5", "web-6"};

class Stage {
 public:
  model::Scenario scenario{.name = "staged", .about = "made up"};
  expect::Evidence evidence{.began = 100, .ended = 110};
  expect::Census census;

  Stage() {
    host("client", "192.0.2.10");
    host("router", "10.0.0.110");
    host("rr", "10.0.0.109");
    for (int n = 1; n <= 3; ++n) {
      const std::string node = fmt::format("node{}", n), balancer = fmt::format("web-lb-{}", n);
      host(node, fmt::format("10.0.0.{}", 104 + n));
      pod(balancer, node, fmt::format("172.16.{}.4", n));
      census.balancers["web"].push_back(balancer);
      for (int k = 0; k < 2; ++k) {
        pod(fmt::format("web-{}", 2 * n - 1 + k), node, fmt::format("172.16.{}.{}", n, 2 + k));
        census.pods["web"].push_back(fmt::format("web-{}", 2 * n - 1 + k));
      }
    }
    scenario.traffic.udp = model::UdpTraffic{"client", "web"};
    scenario.traffic.http = model::HttpTraffic{"client", "web"};
    scenario.traffic.flows = model::FlowTraffic{"client", "web"};
    start();
  }

  std::string address(const std::string& name) const { return census.addresses.at(name).front().str(); }

  void event(double t, json event) {
    event["t"] = 100 + t;
    if (event.contains("earliest")) event["earliest"] = 100 + event["earliest"].get<double>();
    evidence.events.push_back(std::move(event));
  }
  void route(double t, const std::vector<std::string>& nodes, const std::string& to = "10.1.1.0/24") {
    json hops = json::array(), via = json::array();
    for (const auto& node : nodes) {
      hops.push_back({{"via", address(node)}, {"dev", "eth1"}, {"weight", 1}});
      via.push_back(address(node));
    }
    event(t, {{"event", "route"},
              {"host", "router"},
              {"destination", to},
              {"state", nodes.empty() ? "removed" : "present"},
              {"type", "unicast"},
              {"protocol", "bgp"},
              {"table", 254},
              {"metric", 20},
              {"via", via},
              {"next-hops", hops}});
  }
  void session(double t, const std::string& peer, bool up, double earliest = -1000) {
    event(t, {{"event", "session"},
              {"host", "rr"},
              {"peer", address(peer)},
              {"state", up ? "up" : "down"},
              {"earliest", earliest < -999 ? t : earliest}});
  }
  void path(double t, const std::string& node, bool announced) {
    event(t, {{"event", "path"},
              {"host", "rr"},
              {"prefix", "10.1.1.0/24"},
              {"next-hop", address(node)},
              {"state", announced ? "announced" : "withdrawn"}});
  }
  void announce(double t, int n, bool announced) {
    event(t, {{"event", "announce"},
              {"host", fmt::format("web-lb-{}", n)},
              {"process", "lbd"},
              {"route", "10.1.1.0/24"},
              {"next-hop", fmt::format("10.0.0.{}", 104 + n)},
              {"state", announced ? "announced" : "withdrawn"}});
  }
  void process(double t, const std::string& host, const std::string& name, const std::string& state,
               int signal = 0) {
    json e{{"event", "process"}, {"host", host}, {"process", name}, {"state", state}};
    if (signal) e["signal"] = signal;
    if (state == "ended") e.update({{"how", "killed by signal 9"}, {"again", false}});
    event(t, e);
  }
  void health(double t, const std::string& balancer, const std::string& pod, bool up) {
    event(t, {{"event", "health"},
              {"host", balancer},
              {"process", "lbd"},
              {"service", "web"},
              {"destination", address(pod) + ":80"},
              {"state", up ? "up" : "down"}});
  }
  void ipvs(double t, const std::string& balancer, const std::vector<std::string>& pods,
            double earliest = -1000) {
    json destinations = json::array();
    for (const auto& pod : pods)
      destinations.push_back({{"address", address(pod) + ":80"}, {"weight", 1}, {"active", 0}});
    event(t, {{"event", "ipvs"},
              {"host", balancer},
              {"services", {{{"service", "fwmark 1"}, {"scheduler", "lc"}, {"destinations", destinations}}}},
              {"earliest", earliest < -999 ? t : earliest}});
  }

  void act(double t, auto what, int line = 0) {
    evidence.steps.push_back({{.what = what, .mark = {line, 1}}, 100 + t, 100 + t + 0.001, census});
  }
  void expect(model::Expectation expectation, int line = 0) {
    const double t = evidence.steps.empty() ? 100 : evidence.steps.back().ended;
    evidence.steps.push_back({{.what = std::move(expectation), .mark = {line, 1}}, t, t, census});
  }

  /// exabgp of a load balancer is killed, and all takes its course: session, path, route.
  void lose_balancer(double t, int n, double delay = 0.020) {
    const std::string balancer = fmt::format("web-lb-{}", n);
    act(t, model::KillProcess{balancer, "exabgp", 9, false});
    process(t, balancer, "exabgp", "signalled", 9);
    process(t + 0.002, balancer, "exabgp", "ended");
    session(t + delay / 2, balancer, false, t + 0.001);
    path(t + delay * 0.75, fmt::format("node{}", n), false);
    auto left = all_nodes;
    std::erase(left, fmt::format("node{}", n));
    route(t + delay, left);
  }

  /// One datagram a flow every 10 ms of [from, to), first flow to web-lb-1 and so on. through: the load
  /// balancer (1 to 3) that a flow's datagram goes by at a time; 0: it is lost.
  void udp(int flows, double from, double to, const std::function<int(int flow, double t)>& through) {
    probe::UdpRecord record;
    for (int flow = 0; flow < flows; ++flow) record.ports.push_back(static_cast<std::uint16_t>(40000 + flow));
    const int count = static_cast<int>((to - from) * 100 + 0.5);
    for (int number = 0; number < count; ++number)
      for (int flow = 0; flow < flows; ++flow) {
        const double t = from + number * 0.01;
        record.sent.push_back({flow, number, clock_at(t)});
        if (const int n = through(flow, t))
          record.echoes.push_back({flow, number, clock_at(t + 0.0005), address(all_pods[flow % 6]),
                                   fmt::format("172.16.{}.4:{}", n, 40000 + flow)});
      }
    evidence.records.udp = std::move(record);
  }
  static int usual(int flow) { return flow % 3 + 1; }

  probe::Request& request(double due, probe::Request::End end, double took = 0.002, int through = 1,
                          const std::string& server = "web-1") {
    probe::Request request{.number = static_cast<std::int64_t>(evidence.records.requests.size()),
                           .due = clock_at(due),
                           .began = clock_at(due),
                           .connected = clock_at(due + took / 2),
                           .ended = clock_at(due + took),
                           .end = end,
                           .port = static_cast<std::uint16_t>(30000 + evidence.records.requests.size())};
    if (end == probe::Request::End::answered) {
      request.status = 200;
      request.server = address(server);
      request.seen = fmt::format("172.16.{}.4:{}", through, request.port);
    }
    evidence.records.requests.push_back(request);
    return evidence.records.requests.back();
  }

  probe::Flow& flow(probe::Flow::End end, double ended = 10, int through = 1) {
    probe::Flow flow{.port = static_cast<std::uint16_t>(50000 + evidence.records.flows.size()),
                     .began = clock_at(-0.5),
                     .ended = clock_at(ended),
                     .end = end,
                     .seen = fmt::format("172.16.{}.4:50000", through)};
    for (double t = -0.4; t < ended; t += 0.1)
      flow.exchanges.push_back({clock_at(t), clock_at(t + 0.001), "172.16.1.2"});
    evidence.records.flows.push_back(flow);
    return evidence.records.flows.back();
  }

  /// The machine stood still for `by` at each of these times.
  void stall(const std::vector<double>& at, double by) {
    if (!evidence.records.jitter)
      evidence.records.jitter =
          probe::JitterRecord{clock_at(-1), clock_at(10), clock_at(0.002) - clock_at(0)};
    for (const double t : at)
      evidence.records.jitter->late.push_back({clock_at(t), clock_at(by) - clock_at(0)});
  }

  expect::ScenarioVerdict judge() const { return expect::judge(scenario, "staged.yaml", 7, evidence); }
  /// Of the only expectation.
  expect::Finding finding() const { return judge().findings.at(0); }

 private:
  void host(const std::string& name, const std::string& address) {
    census.addresses[name].push_back(*sys::Address::parse(address));
  }
  void pod(const std::string& name, const std::string& node, const std::string& address) {
    host(name, address);
    census.node_of[name] = node;
  }

  void start() {
    for (int n = 1; n <= 3; ++n) {
      const std::string balancer = fmt::format("web-lb-{}", n);
      for (const char* name : {"lbd", "exabgp"}) {
        process(-5, balancer, name, "started");
        process(-4, balancer, name, "ready");
      }
      for (const auto& pod : all_pods) health(-3.9, balancer, pod, true);
      ipvs(-3.8, balancer, all_pods);
      session(-3, balancer, true);
      announce(-2.9, n, true);
      path(-2.8, fmt::format("node{}", n), true);
    }
    session(-3.5, "router", true);
    for (const auto& pod : all_pods) process(-5, pod, "nginx", "ready");
    for (const char* name : {"gobgpd", "fibd"}) process(-5, "router", name, "ready");
    route(-2, all_nodes);
  }
};

/// All of a finding, for a test that failed and for those that look for words.
inline std::string text(const expect::Finding& finding) {
  std::string all = "expected " + finding.expected + "\nseen " + finding.seen + "\n";
  for (const auto& line : finding.story) all += line + "\n";
  return all;
}

}  // namespace lblab::test
