#include "lab/expect/conditions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lab/expect/describe.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

std::string not_at_work(ProcessState state) {
  switch (state) {
    case ProcessState::ended:
      return "had ended";
    case ProcessState::frozen:
      return "had been frozen";
    case ProcessState::started:
      return "was not ready, started";
    default:
      return {};
  }
}

}  // namespace

void add(Lines& to, const Lines& more) {
  for (const auto& line : more)
    if (std::ranges::find(to, line) == to.end()) to.push_back(line);
}

Since since_when(const Life<Set>& life, const Set& any_of, double t) {
  Since now;
  for (const auto& told : life) {
    if (told.t > t) break;
    const bool is = std::ranges::any_of(any_of, [&](const auto& one) { return told.value.contains(one); });
    if (is != now.is) now = {is, told.t};
  }
  return now;
}

std::string Conditions::when(std::optional<double> at) const {
  return at ? "at " + offset(*at - trial_.window.from) : "before anything was seen";
}

Lines Conditions::of(const std::string& host) const {
  Lines lines;
  for (const auto& [of, life] : trial_.all.facts.processes) {
    if (of.first != host) continue;
    const auto last = last_of(life, t_);
    const std::string what = not_at_work(last.value);
    if (!what.empty()) lines.push_back(fmt::format("{} in {} {} {}", of.second, host, what, when(last.t)));
  }
  if (const auto* acted = last_action(host))
    lines.push_back(
        fmt::format("what was last done there: {}, {}", describe(acted->step), when(acted->began)));
  return lines;
}

Lines Conditions::troubles(const std::string& host) const {
  const auto* acted = last_action(host);
  // A killed process tells by itself whether it is back.
  const bool is_harmed =
      acted && is_harm(acted->step) && !std::holds_alternative<model::KillProcess>(acted->step.what);
  const bool is_idle = std::ranges::any_of(trial_.all.facts.processes, [&](const auto& one) {
    const auto state = last_of(one.second, t_).value;
    return one.first.first == host && (state == ProcessState::ended || state == ProcessState::frozen);
  });
  return is_harmed || is_idle ? of(host) : Lines{};
}

const Acted* Conditions::last_action(const std::string& host) const {
  const Set hosts{host, trial_.names.node_of(host)};
  const Acted* last = nullptr;
  for (const auto& acted : trial_.all.evidence.steps)
    if (acted.began <= t_ && is_action(acted.step) && hosts.contains(host_of(acted.step))) last = &acted;
  return last;
}

}  // namespace lblab::expect
