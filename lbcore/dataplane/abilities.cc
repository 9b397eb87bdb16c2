#include "lbcore/dataplane/abilities.hpp"

#include <array>

#include "lbcore/dataplane/ipvs.hpp"
#include "lbcore/dataplane/nftables.hpp"

namespace lbcore::dataplane {

namespace {

struct Entry {
  const char* name;
  Abilities abilities;
  std::unique_ptr<Dataplane> (*make)();
};

template <class Made>
std::unique_ptr<Dataplane> made() {
  return std::make_unique<Made>();
}

/// In the order of DataplaneKind.
const std::array<Entry, 2>& entries() {
  // ip_vs_*.c register these; lc is what the papers use.
  static const std::vector<std::string> of_ipvs = {"lc", "rr", "wrr", "wlc", "lblc", "lblcr", "dh",
                                                   "sh", "mh", "sed", "nq",  "fo",   "ovf",   "twos"};
  static const std::array<Entry, 2> all{
      {{"ipvs", {.schedulers = of_ipvs, .ipv6 = true, .is_ipvs = true}, made<Ipvs>},
       {"nftables", {.schedulers = {"random", "rr", "sh"}, .ipv6 = true}, made<Nftables>}}};
  return all;
}

const Entry& entry(DataplaneKind kind) { return entries().at(static_cast<std::size_t>(kind)); }

}  // namespace

std::string name(DataplaneKind kind) { return entry(kind).name; }

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& one : entries()) all.emplace_back(one.name);
  return all;
}

const Abilities& abilities(DataplaneKind kind) { return entry(kind).abilities; }

std::unique_ptr<Dataplane> make(DataplaneKind kind) { return entry(kind).make(); }

}  // namespace lbcore::dataplane
