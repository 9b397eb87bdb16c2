#include "lab/bench/cpu.hpp"

#include <array>
#include <charconv>

namespace lblab::bench {

CpuTime CpuTime::operator-(const CpuTime& before) const {
  return {.user = user - before.user,
          .system = system - before.system,
          .interrupt = interrupt - before.interrupt,
          .idle = idle - before.idle,
          .stolen = stolen - before.stolen};
}

std::optional<CpuTime> parse_cpu(std::string_view proc_stat, long ticks) {
  if (!proc_stat.starts_with("cpu ")) return std::nullopt;
  const auto line = proc_stat.substr(4, proc_stat.find('\n') - 4);
  enum Field { user, nice, system, idle, iowait, irq, softirq, steal, fields };
  std::array<double, fields> values{};
  const char* at = line.data();
  for (auto& value : values) {
    while (at != line.data() + line.size() && *at == ' ') ++at;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(at, line.data() + line.size(), number);
    if (error != std::errc{}) return std::nullopt;
    value = static_cast<double>(number) / static_cast<double>(ticks);
    at = end;
  }
  return CpuTime{.user = values[user] + values[nice],
                 .system = values[system],
                 .interrupt = values[irq] + values[softirq],
                 .idle = values[idle] + values[iowait],
                 .stolen = values[steal]};
}

}  // namespace lblab::bench
