#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lab/expect/verdict.hpp"

/// What all reports say in the same words.
namespace lblab::report {

const char* symbol(expect::Outcome);  // ✓ ✗ ?
const char* word(expect::Outcome);    // "passed", "failed", "inconclusive"

/// As a verdict, where a scenario that could not be carried out is neither: "!" and "not carried out".
const char* symbol(const expect::ScenarioVerdict&);
const char* word(const expect::ScenarioVerdict&);

/// A length of time in the unit that suits it, with three digits: "213 µs", "21.3 ms", "1.90 s". Whatever is
/// not a finite number is "–".
std::string duration(double seconds);

/// A point of time: seconds with milliseconds, "12.345 s".
std::string instant(double seconds);

/// A measured value: seconds as a duration, all else as a count with its unit, "12 flows".
std::string measure(double value, std::string_view unit);

/// "30 values measured: p50 1.90 s, p99 8.90 s, max 9.90 s"
std::string measured(const expect::Summary&);

/// "1 flow", "2 flows"
std::string count(std::int64_t n, std::string_view what);

/// "line 12", or empty where the mark is nowhere in particular.
std::string line_of(const model::Mark&);

/// "line 12: TEXT"
std::string with_line(const model::Mark&, const std::string& text);

/// UTF-8 without what a terminal or XML 1.0 would choke on: bytes that are no UTF-8 and characters that XML
/// does not allow become U+FFFD, control characters their pictures (U+2400…). Line feeds stay, tabs become
/// spaces.
std::string clean(std::string_view text);

/// clean(), with & < > " ' escaped: for XML and HTML, as text or in an attribute.
std::string xml(std::string_view text);

/// clean(), and on one line.
std::string one_line(std::string_view text);

}  // namespace lblab::report
