#pragma once

#include <string>
#include <vector>

#include "lab/expect/evidence.hpp"
#include "lab/expect/facts.hpp"
#include "lab/expect/names.hpp"

namespace lblab::expect {

/// One thing that happened and that a story tells. earliest: as in Told.
struct Entry {
  double earliest = 0, at = 0;  // seconds on CLOCK_MONOTONIC
  std::string actor;            // a host, "scenario"
  std::string kind;             // the event's, or "fault"
  std::string text;
};

/// All that mattered since the scenario began, in order: what was done, and of the events those that say
/// that routing, balancing or a process changed. Of routes only the destinations in `matter`.
std::vector<Entry> chronicle(const Evidence& evidence, const Facts& facts, const Set& matter,
                             const Names& names);

/// Entries of a window as lines, times since it opened; the middle of a long one is left out.
std::vector<std::string> story(const std::vector<Entry>& all, double from, double to);

}  // namespace lblab::expect
