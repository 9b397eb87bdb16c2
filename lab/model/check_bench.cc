#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "lab/model/check.hpp"
#include "lab/model/nearest.hpp"
#include "lab/model/read.hpp"
#include "lab/model/value.hpp"

namespace lblab::model {
namespace {

constexpr std::int64_t most_processors = 64;  // of rps and rss
constexpr std::size_t most_variants = 24;     // labs that stand side by side

const Key& key_of(std::string_view path) { return *std::ranges::find(keys(), path, &Key::path); }

/// The key that a short axis is about; empty for one that is written with dots.
std::string_view target_of(std::string_view axis) {
  const auto found = std::ranges::find(bench_axes(), axis, &ShortAxis::name);
  return found == bench_axes().end() ? std::string_view{} : found->key;
}

class BenchCheck {
 public:
  BenchCheck(const View& topology, const View& view, Diagnostics& out)
      : view_(view), bench_(read_bench(view, topology["services"])), out_(out) {
    check_client(topology["nodes"]);
    check_service(topology["services"]);
    if (check_axes()) check_names();
    check_measures();
    check_figures();
    check_load(view["load"]);
  }

 private:
  void report(Mark mark, std::string wrong, std::string right) {
    out_.push_back({mark, std::move(wrong), std::move(right)});
  }

  void check_client(const View& nodes) {
    std::size_t clients = 0;
    for (const View& node : nodes.each()) clients += node["role"].as<std::string>() == "client";
    if (clients != 1)
      report(view_.name_mark(),
             fmt::format("bench '{}', and {} the role client", bench_.name,
                         clients == 0 ? "no node has" : fmt::format("{} nodes have", clients)),
             "give it to the one node that sends the requests");
  }

  void check_service(const View& services) {
    const View named = view_["service"];
    if (named.given() && !named.ok()) return;
    if (bench_.service.empty())
      report(view_.name_mark(), fmt::format("bench '{}' does not say which service it asks", bench_.name),
             "add service: NAME");
    else if (const View service = services.at(bench_.service); !service.given())
      report(named.mark(), fmt::format("there is no service '{}'", bench_.service), "name one of services");
    else if (!service["load-balancers"].given())
      report(named.given() ? named.mark() : view_.name_mark(),
             fmt::format("service '{}' has no load balancers to be measured", bench_.service),
             "add load-balancers: {} to it");
  }

  /// Whether the variants can be told.
  bool check_axes() {
    bool is_good = true;
    for (const View& axis : view_["vary"].each()) is_good = check_axis(axis) && is_good;
    if (view_["vary"].given() && bench_.vary.empty()) {
      report(view_["vary"].name_mark(), "nothing to vary", "add kind: [direct, ipvs]");
      return false;
    }
    if (is_good && variant_count(bench_, most_variants) > most_variants) {
      report(view_["vary"].name_mark(), fmt::format("more than {} variants", most_variants),
             "they are all up at once: make two benches of it");
      return false;
    }
    return is_good && !bench_.vary.empty();
  }

  bool check_axis(const View& axis) {
    const auto target = target_of(axis.name());
    if (target.empty() && axis.name().find('.') == std::string::npos) {
      std::vector<std::string_view> known;
      for (const auto& one : bench_axes()) known.push_back(one.name);
      const auto meant = nearest(axis.name(), known);
      report(axis.name_mark(), fmt::format("nothing called {} varies", shown(axis.name())),
             meant ? fmt::format("did you mean '{}'?", *meant)
                   : fmt::format("write {}, or a key with dots", fmt::join(known, ", ")));
      return false;
    }
    const auto before = out_.size();
    std::set<std::string> seen;
    for (const View& value : axis.each()) {
      if (!value.ok()) return false;
      const auto text = value.as<std::string>();
      if (!seen.insert(text).second)
        report(value.mark(), fmt::format("{} is given twice", shown(text)), "leave one of them out");
      else if (!target.empty())
        check_value(axis.name(), value, key_of(target));
    }
    return out_.size() == before && !seen.empty();
  }

  void check_value(const std::string& axis, const View& value, const Key& target) {
    const auto text = value.as<std::string>();
    Yaml scalar;
    scalar.kind = Yaml::Kind::scalar;
    scalar.mark = value.mark();
    scalar.text = text;
    if (axis == "rps" || axis == "rss") {
      const auto count = to_integer(text);
      if (!count || *count < 0 || *count > most_processors)
        out_.push_back({value.mark(), fmt::format("{} is no number of processors", shown(text)),
                        fmt::format("write a whole number from 0 to {}", most_processors)});
      return;
    }
    if (axis == "kind") {
      if (text == direct_access) return;
      scalar.text = kind_word(text).kind;
    }
    if (auto wrong = problem(target, axis, scalar)) out_.push_back(std::move(*wrong));
  }

  /// What is called by a variant's or a series' name.
  void check_names() {
    const auto all = variants(bench_);
    if (const View baseline = view_["baseline"];
        baseline.given() && baseline.ok() &&
        std::ranges::find(all, bench_.baseline, &BenchVariant::name) == all.end())
      report(baseline.mark(), fmt::format("no variant is called {}", shown(bench_.baseline)),
             fmt::format("write one such as {}", all.front().name));
    const auto names = series(bench_);
    const View at = view_["paper"]["at"];
    if (at.given() && !bench_.x())
      report(at.name_mark(), "the plot runs along nothing", "leave it out, or vary a number");
    const std::size_t along = !bench_.x()                                 ? 1
                              : bench_.paper && !bench_.paper->at.empty() ? bench_.paper->at.size()
                                                                          : bench_.x()->values.size();
    for (const View& figures : view_["paper"]["figures"].each()) {
      if (std::ranges::find(names, figures.name()) == names.end())
        report(figures.name_mark(), fmt::format("no series is called {}", shown(figures.name())),
               fmt::format("the series here are {}", fmt::join(names, ", ")));
      else if (const auto n = figures.each().size(); n > 0 && n != along)
        report(figures.name_mark(),
               fmt::format("{} of {} for {} {}", n == 1 ? "one figure" : fmt::format("{} figures", n),
                           figures.name(), along, along == 1 ? "point" : "points"),
               along == 1 ? "write one" : fmt::format("write one for each of {}", bench_.x()->name));
    }
  }

  void check_measures() {
    std::set<std::string> seen;
    for (const View& measure : view_["measure"].each())
      if (measure.ok() && !seen.insert(measure.as<std::string>()).second)
        report(measure.mark(), fmt::format("{} is given twice", measure.as<std::string>()),
               "leave one of them out");
  }

  void check_figures() {
    const auto figures = bench_.figures.size();
    if (figures > 1 && figures != bench_.measures.size())
      report(view_["figure"].name_mark(),
             fmt::format("{} figures for {} measure{}", figures, bench_.measures.size(),
                         bench_.measures.size() == 1 ? "" : "s"),
             "write one, or one for each");
  }

  void check_load(const View& load) {
    if (load["connections"].ok() && load["threads"].ok() && bench_.load.threads > bench_.load.connections)
      report(load["threads"].name_mark(),
             fmt::format("{} threads for {} connections", bench_.load.threads, bench_.load.connections),
             "wrk needs at least one connection for each thread");
  }

  const View& view_;
  const Bench bench_;
  Diagnostics& out_;
};

}  // namespace

void check_benches(const View& topology, Diagnostics& out) {
  for (const View& bench : topology["bench"].each()) BenchCheck(topology, bench, out);
}

}  // namespace lblab::model
