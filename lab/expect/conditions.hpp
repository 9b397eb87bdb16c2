#pragma once

#include "lab/expect/trial.hpp"

namespace lblab::expect {

using Lines = std::vector<std::string>;
/// Adds those that are not there yet.
void add(Lines& to, const Lines& more);

/// Whether one of these is in a set at a time, and since when that is so; no time: ever since.
struct Since {
  bool is = false;
  std::optional<double> since;
};
Since since_when(const Life<Set>& life, const Set& any_of, double t);

/// What was told last by a time; T{} at 0: nothing.
template <class T>
Told<T> last_of(const Life<T>& life, double t) {
  Told<T> last;
  for (const auto& told : life)
    if (told.t <= t) last = told;
  return last;
}

/// In what condition hosts were at one moment, in sentences with times since the window opened.
class Conditions {
 public:
  Conditions(const Trial& trial, double t) : trial_(trial), t_(t) {}

  /// "at +0.213 s"
  std::string when(std::optional<double> at) const;
  /// Processes of a host that were not at work, and what was last done to it or to its node.
  Lines of(const std::string& host) const;
  /// The same where there is reason to doubt that it served; else nothing.
  Lines troubles(const std::string& host) const;

 private:
  const Acted* last_action(const std::string& host) const;

  const Trial& trial_;
  double t_;
};

}  // namespace lblab::expect
