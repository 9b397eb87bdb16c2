#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// wrk(1), the load of a bench. Pure: its command line, and what it writes.
namespace lblab::bench {

struct WrkLoad {
  int connections = 20, threads = 1;
  std::chrono::seconds time{3};
};

std::vector<std::string> wrk_command(const WrkLoad&, const std::string& url);

struct WrkOutput {
  std::uint64_t requests = 0;  // answered
  double seconds = 0;          // as wrk measured them
  // Connections and answers that failed: connect, read, write, timeout, and answers that were not 2xx or 3xx.
  std::uint64_t errors = 0;
  double p50 = 0, p75 = 0, p90 = 0, p99 = 0;  // s

  double rate() const { return seconds > 0 ? static_cast<double>(requests) / seconds : 0; }
  bool operator==(const WrkOutput&) const = default;
};

/// What wrk 4 wrote; nothing if that is no whole report.
std::optional<WrkOutput> parse_wrk(std::string_view text);

}  // namespace lblab::bench
