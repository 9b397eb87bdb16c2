#include "lab/probe/busy.hpp"

#include <charconv>

namespace lblab::probe {

namespace {

std::optional<nanoseconds> number_at(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == ':')) ++at;
  nanoseconds::rep value = 0;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return nanoseconds{value};
}

}  // namespace

std::optional<nanoseconds> busy_time(std::string_view timer_list) {
  constexpr std::string_view now_word = "\nnow at ", idle_word = ".idle_sleeptime";
  const auto now_at = timer_list.find(now_word);
  if (now_at == std::string_view::npos) return std::nullopt;
  auto busy = number_at(timer_list, now_at + now_word.size());
  auto at = timer_list.find(idle_word);
  if (at == std::string_view::npos) return std::nullopt;
  for (; busy && at != std::string_view::npos; at = timer_list.find(idle_word, at + 1)) {
    const auto idle = number_at(timer_list, at + idle_word.size());
    busy = idle ? std::optional(*busy - *idle) : std::nullopt;
  }
  return busy;
}

}  // namespace lblab::probe
