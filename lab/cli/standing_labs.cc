#include "lab/cli/standing_labs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

namespace lblab::cli {

namespace {

constexpr std::size_t at_once = 4;

}  // namespace

std::vector<const bench::Variant*> StandingLabs::missing(const std::vector<bench::Variant>& variants) const {
  std::vector<const bench::Variant*> found;
  std::set<std::string> names;
  for (const auto& variant : variants)
    if (!labs_.contains(variant.lab) && names.insert(variant.lab).second) found.push_back(&variant);
  return found;
}

std::map<std::string, std::string> StandingLabs::bring_up(const std::string& bench,
                                                          const std::vector<bench::Variant>& variants) {
  std::erase_if(labs_, [&](const auto& lab) {
    return std::ranges::find(variants, lab.first, &bench::Variant::lab) == variants.end();
  });
  const auto wanted = missing(variants);
  std::map<std::string, std::string> failed;
  std::mutex mutex;  // of labs_ and failed
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t n = next++; n < wanted.size(); n = next++) try {
        const auto& variant = *wanted[n];
        const auto progress =
            progress_.of(fmt::format("{}: {} ({} of {})", bench, variant.point.name, n + 1, wanted.size()));
        auto lab = std::make_unique<StandingLab>(topology_of(variant.text), file_, progress);
        const std::scoped_lock lock{mutex};
        labs_[variant.lab] = std::move(lab);
      } catch (const std::exception& error) {
        const std::scoped_lock lock{mutex};
        failed[wanted[n]->lab] = error.what();
      }
  };
  std::vector<std::jthread> workers;
  for (std::size_t n = 0; n < std::min(at_once, wanted.size()); ++n) workers.emplace_back(work);
  for (auto& worker : workers) worker.join();
  return failed;
}

}  // namespace lblab::cli
