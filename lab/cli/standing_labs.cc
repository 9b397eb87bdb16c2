#include "lab/cli/standing_labs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace lblab::cli {

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
  for (std::size_t n = 0; n < wanted.size(); ++n) try {
      const auto& variant = *wanted[n];
      const auto progress =
          progress_.of(fmt::format("{}: {} ({} of {})", bench, variant.point.name, n + 1, wanted.size()));
      labs_[variant.lab] = std::make_unique<StandingLab>(topology_of(variant.text), file_, progress);
    } catch (const std::exception& error) {
      labs_.erase(wanted[n]->lab);
      failed[wanted[n]->lab] = error.what();
    }
  return failed;
}

}  // namespace lblab::cli
