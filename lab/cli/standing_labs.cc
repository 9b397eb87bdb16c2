#include "lab/cli/standing_labs.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lblab::cli {

std::map<std::string, std::string> StandingLabs::bring_up(const std::string& bench,
                                                          const std::vector<bench::Variant>& variants) {
  std::erase_if(labs_, [&](const auto& lab) {
    return std::ranges::find(variants, lab.first, &bench::Variant::lab) == variants.end();
  });
  std::map<std::string, std::string> failed;
  std::size_t n = 0;
  for (const auto& variant : variants) {
    ++n;
    if (labs_.contains(variant.lab) || failed.contains(variant.lab)) continue;
    const auto progress =
        progress_.of(fmt::format("{}: {} ({} of {})", bench, variant.point.name, n, variants.size()));
    try {
      labs_.emplace(variant.lab, std::make_unique<StandingLab>(topology_of(variant.text), file_, progress));
    } catch (const std::exception& error) {
      failed.emplace(variant.lab, error.what());
    }
  }
  return failed;
}

}  // namespace lblab::cli
