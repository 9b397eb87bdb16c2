#pragma once

#include "lab/expect/facts.hpp"
#include "lab/expect/names.hpp"

/// Whether and when states came to be as expected: the same for whoever waits and for whoever judges.
namespace lblab::expect {

/// What a route, a table of sessions or of real servers is to be: owned by these hosts, each of them there.
struct Wanted {
  const Life<Set>* life = nullptr;  // addresses
  Set hosts;
};
/// Of a route, session or IPVS expectation; life: nullptr for all others. `facts` must outlive it.
Wanted wanted(const model::Expectation& expectation, const Facts& facts, const Names& names);

/// Set against set: hosts that have no address there, and addresses that none of the hosts has.
struct Difference {
  std::vector<std::string> missing, extra;
  bool none() const { return missing.empty() && extra.empty(); }
};
Difference difference(const Set& addresses, const Set& hosts, const Names& names);

/// The spans of a life, and whether they are as wanted.
struct Phase {
  Span<Set> span;
  bool matches = false;
};
std::vector<Phase> phases(const Wanted& wanted, const Names& names);

/// The first moment at or after `since` in which it was as wanted: in [earliest, t]. `at_once`: it was so
/// already.
struct Attained {
  double earliest = 0, t = 0;
  bool at_once = false;
};
std::optional<Attained> attained(const std::vector<Phase>& phases, double since);

}  // namespace lblab::expect
