#include "lab/observe/counters.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>
#include <vector>

#include "lab/observe/ipvs_life.hpp"
#include "lab/observe/proc_file.hpp"

namespace lblab::observe {

namespace {

std::vector<std::string> words(const std::string& line) {
  std::istringstream in{line};
  return {std::istream_iterator<std::string>{in}, {}};
}

/// Lines in pairs, "Group: names…" and "Group: numbers…".
void take_pairs(const std::string& text, const std::string& group, const std::string& name,
                Counters& counters) {
  std::istringstream lines{text};
  for (std::string names, numbers; std::getline(lines, names) && std::getline(lines, numbers);) {
    if (!names.starts_with(group + ":")) continue;
    const auto heads = words(names), values = words(numbers);
    const auto at = static_cast<std::size_t>(std::ranges::find(heads, name) - heads.begin());
    if (at < values.size() && at < heads.size()) counters[name] = std::stoull(values[at]);
  }
}

/// A line of names, then one of hexadecimal numbers for each CPU.
void take_table(const std::string& text, const std::string& name, Counters& counters) {
  std::istringstream lines{text};
  std::string line;
  if (!std::getline(lines, line)) return;
  const auto heads = words(line);
  const auto at = static_cast<std::size_t>(std::ranges::find(heads, name) - heads.begin());
  constexpr int hexadecimal = 16;
  while (std::getline(lines, line))
    if (const auto values = words(line); at < values.size())
      counters[name] += std::stoull(values[at], nullptr, hexadecimal);
}

}  // namespace

Counters read_counters(const sys::Netns& netns) {
  Counters counters;
  const auto netstat = read_inside(netns, "/proc/thread-self/net/netstat");
  take_pairs(netstat, "TcpExt", "IPReversePathFilter", counters);
  take_pairs(netstat, "IpExt", "InNoRoutes", counters);
  take_pairs(read_inside(netns, "/proc/thread-self/net/snmp"), "Icmp", "OutDestUnreachs", counters);
  if (const auto ipvs = read_ipvs_totals(netns)) {
    counters["IpvsIncomingPackets"] = ipvs->packets_in;
    counters["IpvsOutgoingPackets"] = ipvs->packets_out;
  }
  take_table(read_inside(netns, "/proc/thread-self/net/stat/nf_conntrack"), "insert_failed", counters);
  return counters;
}

}  // namespace lblab::observe
