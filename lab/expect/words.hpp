#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

/// How times and lists read in verdicts.
namespace lblab::expect {

/// "0.213 s", "2.13 s", "21.3 s", "213 s": three digits that mean something; below a millisecond "0.21 ms".
std::string duration(double seconds);
/// "1.5 s", "300 ms": a limit, as the user wrote it.
std::string limit_text(std::chrono::milliseconds);
/// "+0.213 s": the place of an event in a story, to the millisecond.
std::string offset(double seconds);
/// "a, b, c"; `none` where there are none.
std::string join(const std::vector<std::string>&, const std::string& none = "none");
/// "a and b", "a, b and c".
std::string join_and(const std::vector<std::string>&);
/// "1 flow", "3 flows".
std::string count(long n, const std::string& noun);

/// A member of an event that is text; empty: it has none.
std::string text(const nlohmann::json& event, const char* member);

inline double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }
inline double seconds(std::chrono::milliseconds time) { return std::chrono::duration<double>(time).count(); }
/// Of the clock that all records of a run share.
inline double seconds(std::chrono::steady_clock::time_point time) { return seconds(time.time_since_epoch()); }

}  // namespace lblab::expect
