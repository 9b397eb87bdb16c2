#include "lab/scenario/past.hpp"

#include <nlohmann/json.hpp>

namespace lblab::scenario {

void Past::read_on(const run::History& history) {
  for (const auto& lines = history.lines(); next_line_ < lines.size(); ++next_line_)
    standing_.take(nlohmann::json::parse(lines[next_line_]));
}

}  // namespace lblab::scenario
