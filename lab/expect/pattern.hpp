#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "lab/expect/names.hpp"
#include "lab/model/scenario.hpp"

namespace lblab::expect {

/// Does the event have the pattern's members? Text, numbers and truth as they are written; of a list one
/// element will do. Where an event has an address, the pattern may have the name of its owner.
bool matches(const model::EventPattern& pattern, const nlohmann::json& event, const Names& names);

/// That something happened, at some moment of [earliest, t]. `source`: whose telling it was; two of one
/// source are in the order in which they happened.
struct Happened {
  double earliest = 0, t = 0;
  std::string source;
};
Happened happened(const nlohmann::json& event);

/// The first match of each pattern at or after a time.
class FirstMatches {
 public:
  FirstMatches(std::vector<model::EventPattern> patterns, double since)
      : patterns_(std::move(patterns)), since_(since), found_(patterns_.size()) {}
  void take(const nlohmann::json& event, const Names& names);
  /// In the order of the patterns.
  const std::vector<std::optional<Happened>>& found() const { return found_; }
  bool all() const;

 private:
  std::vector<model::EventPattern> patterns_;
  double since_;
  std::vector<std::optional<Happened>> found_;
};

}  // namespace lblab::expect
