#include "lab/expect/words.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace lblab::expect {

std::string duration(double seconds) {
  const double size = std::abs(seconds);
  if (size == 0) return "0 s";
  if (size < 0.001) return fmt::format("{:.2g} ms", seconds * 1e3);
  const int decimals = size < 1 ? 3 : size < 10 ? 2 : size < 100 ? 1 : 0;
  return fmt::format("{:.{}f} s", seconds, decimals);
}

std::string limit_text(std::chrono::milliseconds limit) {
  if (limit.count() % 1000 == 0) return fmt::format("{} s", limit.count() / 1000);
  if (limit.count() < 1000) return fmt::format("{} ms", limit.count());
  return fmt::format("{:g} s", static_cast<double>(limit.count()) / 1000);
}

std::string offset(double seconds) { return fmt::format("{:+.3f} s", seconds); }

std::string join(const std::vector<std::string>& words, const std::string& none) {
  return words.empty() ? none : fmt::format("{}", fmt::join(words, ", "));
}

std::string join_and(const std::vector<std::string>& words) {
  if (words.size() < 2) return join(words);
  const std::vector<std::string> first{words.begin(), words.end() - 1};
  return join(first) + " and " + words.back();
}

std::string count(long n, const std::string& noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

std::string text(const nlohmann::json& event, const char* member) {
  const auto found = event.find(member);
  return found != event.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace lblab::expect
