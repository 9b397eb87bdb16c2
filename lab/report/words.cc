#include "lab/report/words.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/locale/utf.hpp>
#include <cmath>

namespace lblab::report {

using expect::Outcome;

namespace {

constexpr char32_t replacement = 0xFFFD;

char32_t shown(char32_t c) {
  if (c == '\n') return c;
  if (c == '\t') return ' ';
  if (c < 0x20) return 0x2400 + c;
  if (c == 0x7F) return 0x2421;
  const bool is_c1 = c >= 0x80 && c < 0xA0;
  const bool turns_text = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);  // bidi overrides
  const bool is_no_xml = c == 0xFFFE || c == 0xFFFF;
  return is_c1 || turns_text || is_no_xml ? replacement : c;
}

/// Three significant digits, never in powers of ten below a million.
std::string three_digits(double value) {
  const double size = std::abs(value);
  const int decimals = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
  return size < 1e6 ? fmt::format("{:.{}f}", value, decimals) : fmt::format("{:.3g}", value);
}

}  // namespace

const char* symbol(Outcome outcome) {
  return outcome == Outcome::passed ? "✓" : outcome == Outcome::failed ? "✗" : "?";
}

const char* word(Outcome outcome) {
  return outcome == Outcome::passed ? "passed" : outcome == Outcome::failed ? "failed" : "inconclusive";
}

const char* symbol(const expect::ScenarioVerdict& verdict) {
  return verdict.trouble.empty() ? symbol(verdict.outcome) : "!";
}

const char* word(const expect::ScenarioVerdict& verdict) {
  return verdict.trouble.empty() ? word(verdict.outcome) : "not carried out";
}

std::string duration(double seconds) {
  if (!std::isfinite(seconds)) return "–";
  const double size = std::abs(seconds);
  if (size == 0) return "0 s";
  if (size < 0.9995e-3) return fmt::format("{:.0f} µs", seconds * 1e6);
  if (size < 0.9995) return three_digits(seconds * 1e3) + " ms";
  return three_digits(seconds) + " s";
}

std::string instant(double seconds) {
  return std::isfinite(seconds) && std::abs(seconds) < 1e12 ? fmt::format("{:.3f} s", seconds) : "–";
}

std::string measure(double value, std::string_view unit) {
  if (unit == "s") return duration(value);
  if (!std::isfinite(value)) return "–";
  const bool is_whole = value == std::floor(value) && std::abs(value) < 1e15;
  std::string number = is_whole ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
  return unit.empty() ? number : unit == "p" ? "p = " + number : number + " " + clean(unit);
}

std::string count(std::int64_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

std::string measured(const expect::Summary& summary) {
  return fmt::format("{} measured: p50 {}, p99 {}, max {}", count(std::ssize(summary.values), "value"),
                     measure(summary.p50, summary.unit), measure(summary.p99, summary.unit),
                     measure(summary.max, summary.unit));
}

std::string line_of(const model::Mark& mark) { return mark.line ? fmt::format("line {}", mark.line) : ""; }

std::string with_line(const model::Mark& mark, const std::string& text) {
  return mark.line ? line_of(mark) + ": " + text : text;
}

std::string clean(std::string_view text) {
  using Utf8 = boost::locale::utf::utf_traits<char>;
  std::string out;
  auto at = text.begin();
  while (at != text.end()) {
    const auto c = Utf8::decode(at, text.end());
    const bool is_character = c != boost::locale::utf::illegal && c != boost::locale::utf::incomplete;
    Utf8::encode(is_character ? shown(c) : replacement, std::back_inserter(out));
  }
  return out;
}

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : clean(text)) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  return out;
}

std::string one_line(std::string_view text) {
  auto line = clean(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace lblab::report
