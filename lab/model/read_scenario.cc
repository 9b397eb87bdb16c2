#include <array>
#include <limits>
#include <utility>

#include "lab/model/read.hpp"
#include "lab/model/value.hpp"

namespace lblab::model {
namespace {

using Action = decltype(Step::what);
using Subject = decltype(Expectation::what);

std::string text(const View& view) { return view.given() ? view.as<std::string>() : ""; }

template <class T>
std::optional<T> if_given(const View& view) {
  return view.given() ? std::optional(view.as<T>()) : std::nullopt;
}

// --- traffic ---

/// The only node whose role is client.
std::string client(const View& topology) {
  for (const View& node : topology["nodes"].each())
    if (node["role"].as<std::string>() == "client") return node.name();
  return "";
}

/// 0: the service's. An echo server of our own stands where one is looked for: RFC 862.
int udp_port(const View& udp, const View& topology) {
  if (udp["port"].given()) return udp["port"].as<int>();
  return topology["services"].at(text(udp["to"])).given() ? 0 : 7;
}

Traffic read_traffic(const View& view, const View& topology) {
  Traffic traffic;
  const auto from = [&](const View& probe) {
    return probe["from"].given() ? text(probe["from"]) : client(topology);
  };
  if (const View udp = view["udp"]; udp.given())
    traffic.udp = {.from = from(udp),
                   .to = text(udp["to"]),
                   .port = static_cast<std::uint16_t>(udp_port(udp, topology)),
                   .flows = udp["flows"].as<int>(),
                   .rate = udp["rate"].as<int>()};
  if (const View http = view["http"]; http.given())
    traffic.http = {.from = from(http),
                    .to = text(http["to"]),
                    .rate = http["rate"].as<int>(),
                    .timeout = http["timeout"].as<milliseconds>()};
  if (const View flows = view["flows"]; flows.given())
    traffic.flows = {.from = from(flows),
                     .to = text(flows["to"]),
                     .count = flows["count"].as<int>(),
                     .interval = flows["interval"].as<milliseconds>()};
  return traffic;
}

// --- expectations ---

Subject read_route(const View& view, const View& expect) {
  return RouteExpectation{text(expect["in"]), view.as<Prefix>(), texts(expect["via"])};
}
Subject read_sessions(const View& view, const View& expect) {
  return SessionExpectation{text(expect["in"]), texts(view)};
}
Subject read_real_servers(const View& view, const View& expect) {
  return IpvsExpectation{text(expect["in"]), texts(view)};
}
EventPattern pattern(const View& view) {
  EventPattern members;
  for (const View& member : view.each()) members.emplace(member.name(), text(member));
  return members;
}
Subject read_event(const View& view, const View&) { return EventExpectation{pattern(view)}; }
Subject read_order(const View& view, const View&) {
  OrderExpectation order;
  for (const View& event : view.each()) order.events.push_back(pattern(event));
  return order;
}
Subject read_outage(const View& view, const View&) {
  return OutageExpectation{if_given<milliseconds>(view["max"]), if_given<milliseconds>(view["min"]),
                           if_given<milliseconds>(view["p99"])};
}
Subject read_requests(const View& view, const View&) {
  const auto answered = if_given<double>(view["answered"]);
  const auto otherwise = answered ? std::numeric_limits<int>::max() : 0;
  return RequestExpectation{.failed = if_given<int>(view["failed"]).value_or(otherwise),
                            .only_in_flight = view["only-in-flight"].as<bool>(),
                            .rate = answered};
}
Subject read_flows(const View& view, const View&) {
  return FlowExpectation{if_given<int>(view["lost"]), if_given<int>(view["survive"])};
}
Subject read_flows_moved(const View& view, const View&) {
  return MovedExpectation{view["needlessly"].as<int>()};
}
Subject read_fairness(const View& view, const View&) {
  return FairnessExpectation{
      choice<FairnessExpectation::Over>(view["over"], {"next-hops", "real-servers", "both"}),
      view["p"].as<double>()};
}
Subject read_source(const View& view, const View&) {
  return SourceExpectation{text(view["of"]), texts(view["is"])};
}
Subject read_counters(const View& view, const View&) {
  CounterExpectation read;
  for (const auto word : counter_words) {
    const View counter = view[word];
    if (!counter.given()) continue;
    const auto bound = [&](std::string_view key) {
      const View given = counter[key];
      return given.given() ? std::optional(static_cast<std::uint64_t>(given.as<std::int64_t>()))
                           : std::nullopt;
    };
    read.bounds[std::string(word)] = {bound("min"), bound("max"), text(counter["in"])};
  }
  return read;
}

constexpr std::pair<std::string_view, Subject (*)(const View& view, const View& expect)> subjects[]{
    {"route", read_route},       {"sessions", read_sessions}, {"real-servers", read_real_servers},
    {"event", read_event},       {"order", read_order},       {"outage", read_outage},
    {"requests", read_requests}, {"flows", read_flows},       {"flows-moved", read_flows_moved},
    {"fairness", read_fairness}, {"source", read_source},     {"counters", read_counters},
};

Action read_expect(const View& view) {
  using When = Expectation::When;
  Expectation expectation;
  const View subject = view.only("subject").value();
  for (const auto& [name, read] : subjects)
    if (subject.name() == name) expectation.what = read(subject, view);
  const View throughout = view["throughout"];
  if (view["within"].given()) {
    expectation.limit = view["within"].as<milliseconds>();
  } else if (view["never"].given()) {
    expectation.when = When::never;
  } else {
    expectation.when = When::throughout;
    if (throughout.given()) expectation.limit = throughout.as<milliseconds>();  // 0 for `true`
  }
  return expectation;
}

// --- actions ---

template <class T>
Action of_process(const View& view) {
  return T{text(view["in"]), text(view["process"])};
}
template <class T>
Action of_host(const View& view) {
  return T{text(view)};
}

Action read_kill(const View& view) {
  return KillProcess{.host = text(view["in"]),
                     .process = text(view["process"]),
                     .signal = to_signal(view["signal"].as<std::string>()).value(),
                     .restart = view["restart"].as<std::string>() == "after"};
}
Action read_link(const View& view) {
  return SetLinkState{text(view["of"]), text(view["interface"]), text(view["state"]) == "up"};
}
Action read_flap(const View& view) {
  return FlapLink{text(view["of"]), text(view["interface"]), view["times"].as<int>(),
                  view["period"].as<milliseconds>()};
}
Action read_impair(const View& view) {
  return ImpairLink{.host = text(view["of"]),
                    .interface = text(view["interface"]),
                    .direction = choice<ImpairLink::Direction>(view["direction"], {"both", "from", "to"}),
                    .impairment = read_impairment(view).value()};
}
Action read_repair(const View& view) { return RepairLink{text(view["of"]), text(view["interface"])}; }
Action read_scale(const View& view) {
  return ScaleService{text(view["service"]), if_given<Drawn<int>>(view["pods"]),
                      if_given<Drawn<int>>(view["load-balancers"])};
}
Action read_connect(const View& view) { return Connect{text(view["from"]), text(view["to"])}; }
Action read_wait(const View& view) { return Wait{view.as<Drawn<milliseconds>>()}; }

std::vector<Step> read_steps(const View& list);

Action read_repeat(const View& view) { return Repeat{view["times"].as<int>(), read_steps(view["steps"])}; }
Action read_one_of(const View& view) { return OneOf{read_steps(view)}; }

constexpr std::pair<std::string_view, Action (*)(const View&)> actions[]{
    {"kill", read_kill},
    {"start", of_process<StartProcess>},
    {"freeze", of_process<FreezeProcess>},
    {"thaw", of_process<ThawProcess>},
    {"reload", of_process<ReloadProcess>},
    {"delete", of_host<DeletePod>},
    {"crash", of_host<CrashHost>},
    {"recover", of_host<RecoverHost>},
    {"partition", of_host<PartitionHost>},
    {"heal", of_host<HealHost>},
    {"link", read_link},
    {"flap", read_flap},
    {"impair", read_impair},
    {"repair", read_repair},
    {"scale", read_scale},
    {"connect", read_connect},
    {"wait", read_wait},
    {"expect", read_expect},
    {"repeat", read_repeat},
    {"one-of", read_one_of},
};

std::vector<Step> read_steps(const View& list) {
  std::vector<Step> steps;
  for (const View& view : list.each()) {
    Step& step = steps.emplace_back();
    step.at = if_given<milliseconds>(view["at"]);
    step.mark = view.mark();
    const View action = view.only("action").value();
    for (const auto& [name, read] : actions)
      if (action.name() == name) step.what = read(action);
  }
  return steps;
}

std::optional<Comparison> read_comparison(const View& view) {
  if (!view.given()) return std::nullopt;
  return Comparison{text(view["by"]), if_given<milliseconds>(view["p50"]),
                    if_given<milliseconds>(view["p99"]), if_given<milliseconds>(view["max"])};
}

}  // namespace

Scenario read_scenario(const View& view, const View& topology) {
  return {.name = view.name(),
          .about = text(view["about"]),
          .traffic = read_traffic(view["traffic"], topology),
          .steps = read_steps(view["steps"]),
          .settle = view["settle"].as<milliseconds>(),
          .compare = read_comparison(view["compare"]),
          .mark = view.name_mark()};
}

}  // namespace lblab::model
