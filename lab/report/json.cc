#include "lab/report/json.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

#include "lab/expect/rounds.hpp"

namespace lblab::report {

void write_json(std::ostream& out, std::span<const expect::ScenarioVerdict> verdicts) {
  auto scenarios = nlohmann::json::array();
  for (const auto& verdict : verdicts) scenarios.push_back(expect::to_json(verdict));
  constexpr int indent = 1;
  nlohmann::json document{{"scenarios", std::move(scenarios)}};
  for (const auto& rounds : expect::over_rounds(verdicts))
    document["rounds"].push_back(expect::to_json(rounds));
  out << document.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

}  // namespace lblab::report
