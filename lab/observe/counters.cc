#include "lab/observe/counters.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <vector>

#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::observe {

namespace {

/// Opened inside: /proc/thread-self/net shows the namespace of the thread that opens it. Empty if there is
/// none.
std::string read_inside(const sys::Netns& netns, const char* path) {
  const sys::Fd file{netns.within([&] { return ::open(path, O_RDONLY | O_CLOEXEC); })};
  std::string text;
  char part[4096];
  for (ssize_t n = 0; file && (n = ::read(file.get(), part, sizeof part)) > 0;)
    text.append(part, static_cast<std::size_t>(n));
  return text;
}

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

/// Two lines of names, then for each CPU: its number, connections, packets in, packets out, bytes in, bytes
/// out; in hexadecimal.
void take_ipvs(const std::string& text, Counters& counters) {
  constexpr int hexadecimal = 16;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    const auto values = words(line);
    if (values.size() != 6 || values[0].find_first_not_of("0123456789ABCDEF") != std::string::npos) continue;
    counters["IpvsIncomingPackets"] += std::stoull(values[2], nullptr, hexadecimal);
    counters["IpvsOutgoingPackets"] += std::stoull(values[3], nullptr, hexadecimal);
  }
}

}  // namespace

Counters read_counters(const sys::Netns& netns) {
  Counters counters;
  const auto netstat = read_inside(netns, "/proc/thread-self/net/netstat");
  take_pairs(netstat, "TcpExt", "IPReversePathFilter", counters);
  take_pairs(netstat, "IpExt", "InNoRoutes", counters);
  take_pairs(read_inside(netns, "/proc/thread-self/net/snmp"), "Icmp", "OutDestUnreachs", counters);
  take_ipvs(read_inside(netns, "/proc/thread-self/net/ip_vs_stats_percpu"), counters);
  take_table(read_inside(netns, "/proc/thread-self/net/stat/nf_conntrack"), "insert_failed", counters);
  return counters;
}

}  // namespace lblab::observe
