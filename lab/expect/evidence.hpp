#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "lab/model/scenario.hpp"
#include "lab/probe/record.hpp"

/// All that is known of a scenario when it is judged.
namespace lblab::expect {

/// Who is who, as it was when a step was carried out.
struct Census {
  std::map<std::string, std::vector<sys::Address>> addresses;  // of every host
  std::map<std::string, std::string> node_of;                  // pod → node
  std::map<std::string, std::vector<std::string>> balancers;   // service → its load-balancer pods
  std::map<std::string, std::vector<std::string>> pods;        // service → its web pods
  bool operator==(const Census&) const = default;
};

/// One step of the unrolled timeline, as it was carried out. Seconds on CLOCK_MONOTONIC, as the events' "t".
struct Acted {
  model::Step step;  // never Repeat or OneOf; nothing in it is drawn any more
  double began = 0, ended = 0;
  Census census;  // after it
};

struct Evidence {
  std::vector<Acted> steps;
  std::vector<nlohmann::json> events;  // what stood when it began (Standing), and what happened since
  probe::Records records;
  std::vector<probe::JitterRecord::Late> reader_late;  // when whoever wrote the events was busy with others
  double began = 0, ended = 0;
  // host → counter ("IPReversePathFilter", "insert_failed", "OutDestUnreachs") → how much it grew
  std::map<std::string, std::map<std::string, std::uint64_t>> counters;
};

}  // namespace lblab::expect
