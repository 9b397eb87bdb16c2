#include "lab/daemons/lbd_ipvs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "lab/daemons/program.hpp"

namespace lblab::daemons::lbd {

std::string ipvs_lines(const model::LoadBalancers& balancers) {
  const auto& options = balancers.ipvs;
  std::vector<std::string> all, timeouts;
  for (const auto& [name, time] :
       {std::pair{"tcp", options.tcp}, {"tcpfin", options.tcpfin}, {"udp", options.udp}})
    if (time.count()) timeouts.push_back(fmt::format("{}: {}", name, duration(time)));
  if (!timeouts.empty()) all.push_back(fmt::format("timeouts: {{{}}}", fmt::join(timeouts, ", ")));
  if (options.sloppy_tcp) all.emplace_back("sloppy-tcp: true");
  return all.empty() ? "" : fmt::format("ipvs: {{{}}}\n", fmt::join(all, ", "));
}

std::string ipvs_service_lines(const model::LoadBalancers& balancers, bool is_udp) {
  const auto& options = balancers.ipvs;
  std::string lines;
  if (!options.scheduler_flags.empty())
    lines += fmt::format("    scheduler-flags: [{}]\n", fmt::join(options.scheduler_flags, ", "));
  if (options.persistence.count())
    lines += fmt::format("    persistence: {}\n", duration(options.persistence));
  if (options.upper)
    lines += fmt::format("    thresholds: {{upper: {}{}}}\n", options.upper,
                         options.lower ? fmt::format(", lower: {}", options.lower) : "");
  if (options.one_packet && is_udp) lines += "    one-packet: true\n";
  return lines;
}

}  // namespace lblab::daemons::lbd
