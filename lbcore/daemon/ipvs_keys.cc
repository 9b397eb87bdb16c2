#include "lbcore/daemon/ipvs_keys.hpp"

#include <fmt/format.h>

#include "lbcore/yaml/read.hpp"

namespace lbcore::daemon {

namespace {

constexpr std::chrono::seconds longest{2'000'000};  // INT_MAX ticks of a kernel with 1000 a second
constexpr std::int64_t most_connections = 0x7fffffff;

Timeouts read_timeouts(const YAML::Node& node, Mistakes& mistakes) {
  Timeouts t;
  const auto timeout = [&](const char* name, std::optional<std::uint32_t>& place) {
    return yaml::Key{name, [&, name](const auto& v) { place = whole_seconds(v, name, mistakes); }};
  };
  yaml::read_map(node, "timeouts",
                 {timeout("tcp", t.tcp_s), timeout("tcpfin", t.tcpfin_s), timeout("udp", t.udp_s)}, mistakes);
  return t;
}

}  // namespace

std::optional<std::uint32_t> whole_seconds(const YAML::Node& node, const std::string& what,
                                           Mistakes& mistakes) {
  using std::chrono::seconds;
  const auto time = yaml::duration(node, what, mistakes);
  if (!time) return std::nullopt;
  if (*time % seconds(1) != milliseconds(0)) {
    mistakes.push_back(yaml::at(node, what + " is not in whole seconds", "the kernel counts it in seconds"));
    return std::nullopt;
  }
  if (*time > longest) {
    mistakes.push_back(yaml::at(node, what + " is too long for the kernel",
                                fmt::format("give at most {}s", longest.count())));
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(*time / seconds(1));
}

Thresholds read_thresholds(const YAML::Node& node, Mistakes& mistakes) {
  Thresholds t;
  const auto threshold = [&](const char* name, std::uint32_t& place, bool is_required) {
    return yaml::Key{
        name,
        [&, name](const auto& v) { yaml::into(place, yaml::number(v, name, 1, most_connections, mistakes)); },
        is_required ? yaml::required : yaml::Key::Presence::optional};
  };
  yaml::read_map(node, "thresholds", {threshold("upper", t.upper, true), threshold("lower", t.lower, false)},
                 mistakes);
  if (t.upper && t.lower > t.upper)
    mistakes.push_back(yaml::at(node["lower"], fmt::format("lower {} is above upper {}", t.lower, t.upper),
                                "a real server that is full takes connections again below 'lower'"));
  return t;
}

IpvsSettings read_ipvs(const YAML::Node& node, Mistakes& mistakes) {
  IpvsSettings s;
  yaml::read_map(
      node, "ipvs",
      {{"timeouts", [&](const auto& v) { s.timeouts = read_timeouts(v, mistakes); }},
       {"sloppy-tcp", [&](const auto& v) { s.sloppy_tcp = yaml::boolean(v, "sloppy-tcp", mistakes); }}},
      mistakes);
  return s;
}

}  // namespace lbcore::daemon
