#include "lab/expect/series.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

/// So that about ten fall into one.
double bin_of(double per_second) { return std::clamp(10 / std::max(per_second, 1.0), 0.1, 1.0); }

class Bins {
 public:
  Bins(double began, double ended, double width)
      : began_(began), width_(width), counts_(static_cast<size_t>(std::ceil((ended - began) / width))) {}
  void add(double at) {
    const double bin = (at - began_) / width_;
    if (bin >= 0 && bin < static_cast<double>(counts_.size())) ++counts_[static_cast<size_t>(bin)];
  }
  Series series(std::string name) const {
    Series all{std::move(name), "1/s", {}};
    for (size_t i = 0; i < counts_.size(); ++i)
      all.points.emplace_back(static_cast<double>(i) * width_, static_cast<double>(counts_[i]) / width_);
    return all;
  }

 private:
  double began_, width_;
  std::vector<long> counts_;
};

void add_requests(std::vector<Series>& all, const Case& of) {
  const auto& requests = of.evidence.records.requests;
  if (requests.empty()) return;
  const double began = of.evidence.began, ended = of.evidence.ended;
  const double width = bin_of(static_cast<double>(requests.size()) / std::max(ended - began, 0.1));
  Bins answered{began, ended, width}, failed{began, ended, width};
  for (const auto& request : requests)
    if (request.end != probe::Request::End::unfinished)
      (request.end == probe::Request::End::answered ? answered : failed).add(seconds(request.due));
  all.push_back(answered.series("requests answered"));
  all.push_back(failed.series("requests failed"));
}

void add_datagrams(std::vector<Series>& all, const Case& of) {
  if (of.udp.empty()) return;
  Bins lost{of.evidence.began, of.evidence.ended, 0.1};
  for (const auto& flow : of.udp.flows())
    for (const auto& datagram : flow.datagrams)
      if (!datagram.answered) lost.add(datagram.sent);
  all.push_back(lost.series("datagrams lost"));
}

/// The routes that are expected of hosts; if there are none, all of more than one way.
bool is_worth_showing(const std::pair<std::string, std::string>& route, const Life<Set>& life,
                      const Case& of) {
  bool any = false;
  for (const auto& acted : of.evidence.steps)
    if (const auto* expected = std::get_if<model::Expectation>(&acted.step.what))
      if (const auto* e = std::get_if<model::RouteExpectation>(&expected->what)) {
        if (route == std::pair{e->host, e->route.str()}) return true;
        any = true;
      }
  return !any && std::ranges::any_of(life, [](const auto& told) { return told.value.size() > 1; });
}

void add_next_hops(std::vector<Series>& all, const Case& of) {
  const double began = of.evidence.began, ended = of.evidence.ended;
  for (const auto& [route, life] : of.facts.routes) {
    if (!of.matter.contains(route.second) || !is_worth_showing(route, life, of)) continue;
    Series hops{fmt::format("next hops of {} in {}", route.second, route.first), "", {}};
    hops.points.emplace_back(0, static_cast<double>(value_at(life, began).size()));
    for (const auto& told : life)
      if (told.t > began && told.t < ended)
        hops.points.emplace_back(told.t - began, static_cast<double>(told.value.size()));
    hops.points.emplace_back(ended - began, hops.points.back().second);
    all.push_back(std::move(hops));
  }
}

/// A load balancer's connections that are at work: TCP's established ones, and all of UDP.
double at_work(const nlohmann::json& event) {
  int n = 0;
  for (const auto& server : event.at("connections"))
    for (const auto& [state, count] : server.at("states").items())
      if (state == "ESTABLISHED" || state == "UDP") n += count.get<int>();
  return n;
}

void add_connections(std::vector<Series>& all, const Case& of) {
  std::map<std::string, Series> balancers;
  for (const auto& event : of.evidence.events) {
    const double at = event.value("t", 0.0) - of.evidence.began;
    if (event.value("event", "") != "ipvs-connections" || at < 0) continue;
    const auto host = event.value("host", "");
    auto& series = balancers[host];
    if (series.points.empty()) series = {"connections through " + host, "connections", {}};
    series.points.emplace_back(at, at_work(event));
  }
  const double end = of.evidence.ended - of.evidence.began;
  for (auto& [host, series] : balancers) {
    if (series.points.back().first < end) series.points.emplace_back(end, series.points.back().second);
    all.push_back(std::move(series));
  }
}

}  // namespace

std::vector<Series> series(const Case& all) {
  std::vector<Series> made;
  add_requests(made, all);
  add_datagrams(made, all);
  add_next_hops(made, all);
  add_connections(made, all);
  return made;
}

std::vector<double> latencies(const std::vector<probe::Request>& requests) {
  std::vector<double> all;
  for (const auto& request : requests)
    if (request.end == probe::Request::End::answered) all.push_back(seconds(request.ended - request.due));
  std::ranges::sort(all);
  return all;
}

}  // namespace lblab::expect
