#include "lab/model/unroll.hpp"

#include <limits>
#include <map>
#include <random>
#include <string>
#include <utility>

namespace lblab::model {
namespace {

/// The engine's numbers are the same everywhere, by the standard; those of the standard's distributions are
/// not.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  /// Each of 0 … n - 1 with the same chance.
  std::uint64_t below(std::uint64_t n) {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t number = engine_();
    while (number >= most - most % n) number = engine_();
    return number % n;
  }

 private:
  std::mt19937_64 engine_;
};

class Unrolling {
 public:
  Unrolling(std::uint64_t seed, const std::vector<Service>& services) : dice_(seed) {
    for (const auto& service : services)
      counts_[service.name] = {service.pods.replicas,
                               service.load_balancers ? service.load_balancers->replicas : 0};
  }

  void add(const Step& step, const std::optional<milliseconds>& at) {
    if (const auto* repeat = std::get_if<Repeat>(&step.what)) {
      for (int n = 0; n < repeat->times; ++n) add_all(repeat->steps, n == 0 ? at : std::nullopt);
    } else if (const auto* choice = std::get_if<OneOf>(&step.what)) {
      add(choice->steps[dice_.below(choice->steps.size())], at);
    } else {
      Step& added = steps_.emplace_back(step);
      added.at = at;
      if (auto* wait = std::get_if<Wait>(&added.what)) draw(wait->time);
      if (auto* scale = std::get_if<ScaleService>(&added.what)) draw(*scale);
    }
  }

  std::vector<Step> take() { return std::move(steps_); }

 private:
  struct Counts {
    int pods = 0, load_balancers = 0;
  };

  void add_all(const std::vector<Step>& steps, const std::optional<milliseconds>& at) {
    for (const auto& step : steps) add(step, &step == &steps.front() ? at : std::nullopt);
  }

  void draw(Drawn<milliseconds>& time) {
    if (time.is_fixed()) return;
    const auto choices = static_cast<std::uint64_t>((time.max - time.min).count()) + 1;
    time.min += milliseconds{dice_.below(choices)};
    time.max = time.min;
  }

  void draw(ScaleService& scale) {
    Counts& now = counts_[scale.service];
    if (scale.pods) draw(*scale.pods, now.pods);
    if (scale.load_balancers) draw(*scale.load_balancers, now.load_balancers);
  }

  void draw(Drawn<int>& count, int& now) {
    if (!count.is_fixed()) {
      const bool is_within = count.min <= now && now <= count.max;
      const auto choices = static_cast<std::uint64_t>(count.max - count.min) + (is_within ? 0 : 1);
      count.min += static_cast<int>(dice_.below(choices));
      if (is_within && count.min >= now) ++count.min;
      count.max = count.min;
    }
    now = count.min;
  }

  Dice dice_;
  std::map<std::string, Counts> counts_;
  std::vector<Step> steps_;
};

}  // namespace

std::vector<Step> unroll(const Scenario& scenario, std::uint64_t seed, const std::vector<Service>& services) {
  Unrolling unrolling(seed, services);
  for (const auto& step : scenario.steps) unrolling.add(step, step.at);
  return unrolling.take();
}

}  // namespace lblab::model
