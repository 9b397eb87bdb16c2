#include <algorithm>

#include "lab/model/read.hpp"

namespace lblab::model {
namespace {

std::vector<double> numbers(const View& list) {
  std::vector<double> all;
  for (const View& value : list.each()) all.push_back(static_cast<double>(value.as<std::int64_t>()));
  return all;
}

Load read_load(const View& view) {
  return {.connections = view["connections"].as<int>(),
          .threads = view["threads"].as<int>(),
          .time = view["time"].as<std::chrono::milliseconds>(),
          .warm = view["warm"].as<std::chrono::milliseconds>(),
          .rate = view["rate"].as<int>()};
}

PaperFigures read_paper(const View& view) {
  PaperFigures paper{.source = view["source"].as<std::string>(), .at = numbers(view["at"]), .figures = {}};
  for (const View& of : view["figures"].each())
    if (auto values = numbers(of); !values.empty()) paper.figures.emplace(of.name(), std::move(values));
  return paper;
}

}  // namespace

Bench read_bench(const View& view, const View& services) {
  Bench bench{.name = view.name(),
              .about = view["about"].as<std::string>(),
              .figures = texts(view["figure"]),
              .service = view["service"].as<std::string>(),
              .vary = {},
              .set = {},
              .measures = {},
              .load = read_load(view["load"]),
              .rounds = view["rounds"].as<int>(),
              .baseline = view["baseline"].as<std::string>(),
              .paper = {},
              .mark = view.name_mark()};
  if (const auto names = services.names(); bench.service.empty() && names.size() == 1)
    bench.service = names.front();
  for (const View& axis : view["vary"].each()) bench.vary.push_back({axis.name(), texts(axis)});
  for (const View& setting : view["set"].each()) bench.set.emplace(setting.name(), setting.as<std::string>());
  for (const View& measure : view["measure"].each())
    bench.measures.push_back(choice<Bench::Measure>(measure, {"throughput", "cpu", "latency", "bytes"}));
  if (bench.measures.empty()) bench.measures = {Bench::Measure::throughput};
  if (view["paper"].given()) bench.paper = read_paper(view["paper"]);
  return bench;
}

}  // namespace lblab::model
