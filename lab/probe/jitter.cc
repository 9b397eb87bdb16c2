#include "lab/probe/jitter.hpp"

#include <unistd.h>

#include <charconv>

#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::probe {

namespace {

/// The n-th word (from 0) of a line of numbers.
std::optional<std::int64_t> word(std::string_view line, int n) {
  line = line.substr(0, line.find('\n'));
  for (;; --n) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (n == 0) break;
    line.remove_prefix(std::min(line.find(' '), line.size()));
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  return error == std::errc{} ? std::optional{value} : std::nullopt;
}

std::string text_if_there(const char* path) {
  try {
    return sys::read_file(path);
  } catch (const sys::SystemError&) {
    return "";
  }
}

std::optional<nanoseconds> steal() { return steal_of(text_if_there("/proc/stat"), ::sysconf(_SC_CLK_TCK)); }
std::optional<nanoseconds> waited() { return waited_of(text_if_there("/proc/thread-self/schedstat")); }

std::optional<nanoseconds> difference(std::optional<nanoseconds> after, std::optional<nanoseconds> before) {
  return after && before ? std::optional{*after - *before} : std::nullopt;
}

}  // namespace

std::optional<nanoseconds> steal_of(std::string_view proc_stat, long user_hz) {
  if (!proc_stat.starts_with("cpu ")) return std::nullopt;
  const auto ticks = word(proc_stat, 8);
  if (!ticks) return std::nullopt;
  return nanoseconds{*ticks * (std::nano::den / user_hz)};
}

std::optional<nanoseconds> waited_of(std::string_view schedstat) {
  const auto waited = word(schedstat, 1);
  return waited ? std::optional{nanoseconds{*waited}} : std::nullopt;
}

JitterProbe::JitterProbe(Loop&, const JitterSettings& settings)
    : schedule_{now(), 1, settings.period},
      steal_(steal()),
      waited_(waited()),
      record_{.began = schedule_.start, .period = settings.period} {}

nanoseconds JitterProbe::act(nanoseconds now, bool) {
  const auto due = schedule_.due(next_);
  if (now < due) return due;
  if (now - due > record_.period) record_.late.push_back({due, now - due});
  next_ = schedule_.due_by(now);
  return schedule_.due(next_);
}

JitterRecord JitterProbe::finish() {
  record_.ended = now();
  record_.steal = difference(steal(), steal_);
  record_.waited = difference(waited(), waited_);
  return std::move(record_);
}

}  // namespace lblab::probe
