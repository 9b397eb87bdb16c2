#include "lab/bench/wrk.hpp"

#include <charconv>
#include <regex>

namespace lblab::bench {

namespace {

using Match = std::match_results<std::string_view::const_iterator>;

bool search(std::string_view text, Match& match, const char* pattern) {
  return std::regex_search(text.begin(), text.end(), match, std::regex{pattern});
}

std::uint64_t count(const std::string& digits) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

double number(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// wrk's units of time (units.c).
double seconds(const std::string& value, const std::string& unit) {
  const double factor = unit == "us" ? 1e-6 : unit == "ms" ? 1e-3 : unit == "m" ? 60 : unit == "h" ? 3600 : 1;
  return number(value) * factor;
}

double percentile(std::string_view text, const char* name) {
  Match match;
  const auto pattern = std::string("\\n +") + name + "% +([0-9.]+)(us|ms|s|m|h)\\b";
  return search(text, match, pattern.c_str()) ? seconds(match[1], match[2]) : 0;
}

}  // namespace

std::vector<std::string> wrk_command(const WrkLoad& load, const std::string& url) {
  return {"wrk",
          "--threads",
          std::to_string(load.threads),
          "--connections",
          std::to_string(load.connections),
          "--duration",
          std::to_string(load.time.count()) + "s",
          "--latency",
          url};
}

std::optional<WrkOutput> parse_wrk(std::string_view text) {
  Match match;
  WrkOutput out;
  if (!search(text, match, "\\n +([0-9]+) requests in ([0-9.]+)(us|ms|s|m|h),")) return std::nullopt;
  out.requests = count(match[1]);
  out.seconds = seconds(match[2], match[3]);
  if (search(text, match, "Socket errors: connect ([0-9]+), read ([0-9]+), write ([0-9]+), timeout ([0-9]+)"))
    for (std::size_t n = 1; n <= 4; ++n) out.errors += count(match[n]);
  if (search(text, match, "Non-2xx or 3xx responses: ([0-9]+)")) out.errors += count(match[1]);
  out.p50 = percentile(text, "50");
  out.p75 = percentile(text, "75");
  out.p90 = percentile(text, "90");
  out.p99 = percentile(text, "99");
  return out;
}

}  // namespace lblab::bench
