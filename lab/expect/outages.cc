#include "lab/expect/outages.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "lab/expect/describe.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

using nlohmann::json;

/// The host of an action, and all that lives or falls with it.
Set concerned(const model::Step& step, const Names& names) {
  const std::string host = host_of(step);
  if (host.empty()) return {};
  Set all = names.pods_on(host);
  all.insert(host);
  return all;
}

class Chain {
 public:
  Chain(const Case& all, const Window& window, const Hit& hit)
      : all_(all), window_(window), hit_(hit), names_(names_at(all.evidence, all.evidence.steps.size())) {
    if (window.opened_by) concerned_ = concerned(window.opened_by->step, names_);
  }

  std::vector<CausalStep> build() {
    if (window_.opened_by) add("fault", window_.from, host_of(window_.opened_by->step));
    add_first("carrier lost", [](const json& e) {
      return text(e, "event") == "link" && text(e, "state") == "present" && !e.value("carrier", true);
    });
    add_first("session lost", [this](const json& e) {
      return text(e, "event") == "session" && text(e, "state") == "down" &&
             (is_concerned(text(e, "host")) || is_concerned(names_.host_of(text(e, "peer"))));
    });
    add_first("withdrawn by the load balancer", [](const json& e) {
      return text(e, "event") == "announce" && text(e, "state") == "withdrawn";
    });
    add_first("withdrawn at the reflector",
              [this](const json& e) { return is_withdrawal(e) && !is_router(text(e, "host")); });
    add_first("withdrawn at the router",
              [this](const json& e) { return is_withdrawal(e) && is_router(text(e, "host")); });
    const double routed = add_route();
    add_first_good(routed);
    std::ranges::stable_sort(steps_, {}, &CausalStep::at);
    return std::move(steps_);
  }

 private:
  void add(const std::string& name, double at, const std::string& where) {
    steps_.push_back({name, at - all_.evidence.began, at - window_.from, where});
  }

  static bool is_withdrawal(const json& event) {
    return text(event, "event") == "path" && text(event, "state") == "withdrawn";
  }

  /// Does its kernel have a route that was learnt?
  bool is_router(const std::string& host) const {
    return std::ranges::any_of(all_.facts.routes, [&](const auto& route) {
      return route.first.first == host && all_.facts.learnt.contains(route.first.second);
    });
  }

  /// Of an action on nobody in particular (a change of scale) all are.
  bool is_concerned(const std::string& host) const { return concerned_.empty() || concerned_.contains(host); }

  template <class Matches>
  void add_first(const std::string& name, Matches matches) {
    for (const auto& event : all_.evidence.events) {
      const double t = event.value("t", 0.0);
      if (t < window_.from || t >= window_.to || !matches(event)) continue;
      add(name, t, text(event, "host"));
      return;
    }
  }

  /// The first change of a route that took a way out of it; if none did, the first change. Where it was made,
  /// and its time; that of the window's opening where nothing changed.
  double add_route() {
    const Told<Set>* best = nullptr;
    std::string where;
    bool best_removes = false;
    for (const auto& [of, life] : all_.facts.routes) {
      if (!all_.matter.contains(of.second)) continue;
      for (size_t i = 0; i < life.size(); ++i) {
        if (life[i].t < window_.from || life[i].t >= window_.to) continue;
        const bool removes = i > 0 && !std::ranges::includes(life[i].value, life[i - 1].value);
        if (best && (best_removes > removes || (best_removes == removes && best->t <= life[i].t))) continue;
        best = &life[i];
        best_removes = removes;
        where = of.first;
      }
    }
    if (!best) return window_.from;
    add("route changed", best->t, where);
    return best->t;
  }

  void add_first_good(double routed) {
    const FlowOutage* first = nullptr;
    for (const auto& outage : hit_.outages)
      if (!outage.open && outage.first_good >= routed && (!first || outage.first_good < first->first_good))
        first = &outage;
    if (first)
      add("first good packet", first->first_good,
          all_.scenario.traffic.udp ? all_.scenario.traffic.udp->from : "");
  }

  const Case& all_;
  const Window& window_;
  const Hit& hit_;
  Names names_;
  Set concerned_;
  std::vector<CausalStep> steps_;
};

}  // namespace

Hit hit(const Case& all, const Window& window) {
  constexpr double beyond = 3600;
  // No action is before the first window: what was lost when it opened is its.
  const bool is_first = window.opened_by == nullptr;
  Hit hit{all.udp.outages(is_first ? window.from - beyond : window.from,
                          window.is_last ? window.to + beyond : window.to)};
  std::erase_if(hit.outages, [&](const FlowOutage& outage) { return outage.to <= window.from; });
  std::set<int> flows;
  for (const auto& outage : hit.outages) {
    hit.lost += outage.lost;
    flows.insert(outage.flow);
    if (!hit.longest || outage.length() > hit.longest->length()) hit.longest = outage;
  }
  hit.flows.assign(flows.begin(), flows.end());
  return hit;
}

std::vector<CausalStep> causes_of(const Case& all, const Window& window, const Hit& hit) {
  return Chain{all, window, hit}.build();
}

std::vector<Outage> outages(const Case& all) {
  std::vector<Outage> found;
  const auto& steps = all.evidence.steps;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (!is_action(steps[i].step)) continue;
    Window window = window_of(all.evidence, i);
    window.from = steps[i].began;
    window.opened_by = &steps[i];
    const Hit hit = expect::hit(all, window);
    if (!hit.longest) continue;
    found.push_back({describe(steps[i].step), hit.longest->from - all.evidence.began,
                     hit.longest->to - all.evidence.began, hit.lost, static_cast<int>(hit.flows.size()),
                     causes_of(all, window, hit), steps[i].step.mark});
  }
  return found;
}

}  // namespace lblab::expect
