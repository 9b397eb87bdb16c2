#include "lab/expect/noise.hpp"

#include <algorithm>

#include "lab/expect/words.hpp"

namespace lblab::expect {

Noise::Noise(const std::optional<probe::JitterRecord>& record,
             const std::vector<probe::JitterRecord::Late>& reader) {
  for (const auto& late : reader) reader_.emplace_back(seconds(late.due), seconds(late.due + late.by));
  if (!record) return;
  period_ = seconds(record->period);
  for (const auto& late : record->late) late_.emplace_back(seconds(late.due), seconds(late.due + late.by));
  std::ranges::sort(late_);
  for (const auto& stall : late_)
    if (stalls_.empty() || stall.first > stalls_.back().second)
      stalls_.push_back(stall);
    else
      stalls_.back().second = std::max(stalls_.back().second, stall.second);
}

double Noise::worst(double from, double to) const {
  double worst = 0;
  for (const auto& [due, ran] : late_)
    if (due <= to && ran >= from) worst = std::max(worst, ran - due);
  return worst;
}

double Noise::stalled(double from, double to) const {
  double sum = 0;
  for (const auto& [due, ran] : stalls_) sum += std::max(0.0, std::min(ran, to) - std::max(due, from));
  return sum;
}

double Noise::unread(double t) const {
  // It wakes for its clock and for what it reads in any order: a little later it may still be catching up.
  constexpr double catching_up = 0.01;
  double longest = 0;
  for (const auto& [due, ran] : reader_)
    if (due <= t && t <= ran + catching_up) longest = std::max(longest, t - due);
  return longest;
}

double Noise::could_be_as_early_as(double t) const {
  double earliest = t - unread(t);
  // A reader that stalled with our thread reads once both run again: up to a period later.
  for (const auto& [due, ran] : stalls_)
    if (due <= t && t <= ran + period_) earliest = std::min(earliest, due);
  return earliest;
}

}  // namespace lblab::expect
