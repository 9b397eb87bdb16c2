#include "lab/model/bench.hpp"

#include <algorithm>

#include "lab/model/keys.hpp"
#include "lab/model/value.hpp"

namespace lblab::model {
namespace {

const std::vector<std::string_view>& words_of(std::string_view path) {
  const auto found = std::ranges::find(keys(), path, &Key::path);
  return found->allowed;
}

/// Of a word that ends with a dash, `before` and one of these endings, that ending, which it loses; else "".
std::string taken_off(std::string_view& word, std::string_view before,
                      const std::vector<std::string_view>& endings) {
  for (const auto ending : endings) {
    const auto tail = "-" + std::string(before) + std::string(ending);
    if (word.size() <= tail.size() || !word.ends_with(tail)) continue;
    word.remove_suffix(tail.size());
    return std::string(ending);
  }
  return "";
}

BenchVariant variant(const Bench& bench, std::vector<std::string> values) {
  BenchVariant made{.values = std::move(values), .name = {}, .series = {}, .x = {}};
  const Axis* x = bench.x();
  const auto append = [](std::string& to, const std::string& value) {
    to += (to.empty() ? "" : ".") + value;
  };
  for (std::size_t n = 0; n < bench.vary.size(); ++n) {
    append(made.name, made.values[n]);
    if (&bench.vary[n] == x)
      made.x = static_cast<double>(*to_integer(made.values[n]));
    else
      append(made.series, made.values[n]);
  }
  if (made.series.empty() && x) made.series = x->name;
  return made;
}

}  // namespace

const Axis* Bench::x() const {
  const auto is_numeric = [](const Axis& axis) {
    return axis.values.size() > 1 &&
           std::ranges::all_of(axis.values, [](const auto& v) { return to_integer(v).has_value(); });
  };
  const auto found = std::ranges::find_if(vary, is_numeric);
  return found == vary.end() ? nullptr : &*found;
}

std::size_t variant_count(const Bench& bench, std::size_t most) {
  std::size_t count = 1;
  for (const auto& axis : bench.vary) count = std::min(most + 1, count * axis.values.size());
  return count;
}

std::vector<BenchVariant> variants(const Bench& bench) {
  std::vector<std::vector<std::string>> all{{}};
  for (const auto& axis : bench.vary) {
    std::vector<std::vector<std::string>> longer;
    for (const auto& before : all)
      for (const auto& value : axis.values) longer.emplace_back(before).push_back(value);
    all = std::move(longer);
  }
  std::vector<BenchVariant> made;
  for (auto& values : all) made.push_back(variant(bench, std::move(values)));
  return made;
}

std::vector<std::string> series(const Bench& bench) {
  std::vector<std::string> names;
  for (const auto& one : variants(bench))
    if (std::ranges::find(names, one.series) == names.end()) names.push_back(one.series);
  return names;
}

std::vector<std::pair<double, double>> paper_line(const Bench& bench, const std::string& series) {
  const Axis* x = bench.x();
  if (!bench.paper || !x) return {};
  const auto found = bench.paper->figures.find(series);
  if (found == bench.paper->figures.end()) return {};
  std::vector<double> at = bench.paper->at;
  if (at.empty())
    for (const auto& value : x->values) at.push_back(static_cast<double>(*to_integer(value)));
  std::vector<std::pair<double, double>> line;
  for (std::size_t n = 0; n < std::min(at.size(), found->second.size()); ++n)
    line.emplace_back(at[n], found->second[n]);
  return line;
}

std::optional<double> paper_figure(const Bench& bench, const BenchVariant& variant) {
  if (!bench.paper) return std::nullopt;
  const auto found = bench.paper->figures.find(variant.series);
  if (found == bench.paper->figures.end()) return std::nullopt;
  if (!bench.x()) return found->second.front();
  for (const auto& [x, figure] : paper_line(bench, variant.series))
    if (x == variant.x) return figure;
  return std::nullopt;
}

const std::vector<ShortAxis>& bench_axes() {
  static const std::vector<ShortAxis> axes{
      {"kind", "services.*.load-balancers.kind"},
      {"forwarding", "services.*.load-balancers.forwarding"},
      {"in", "services.*.load-balancers.in"},
      {"scheduler", "services.*.load-balancers.scheduler"},
      {"load-balancers", "services.*.load-balancers.replicas"},
      {"pods", "services.*.pods.replicas"},
      {"overlay", "overlay.backend"},
      {"rps", "nodes.*.interfaces.*.rps"},
      {"rss", "nodes.*.interfaces.*.rss"},
  };
  return axes;
}

KindWord kind_word(std::string_view word) {
  KindWord meant;
  meant.in = taken_off(word, "in-", words_of("services.*.load-balancers.in"));
  const auto& kinds = words_of("services.*.load-balancers.kind");
  if (std::ranges::find(kinds, word) == kinds.end())
    meant.forwarding = taken_off(word, "", words_of("services.*.load-balancers.forwarding"));
  meant.kind = word;
  return meant;
}

}  // namespace lblab::model
