#include "lab/report/json.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

namespace lblab::report {

void write_json(std::ostream& out, std::span<const expect::ScenarioVerdict> verdicts) {
  auto scenarios = nlohmann::json::array();
  for (const auto& verdict : verdicts) scenarios.push_back(expect::to_json(verdict));
  constexpr int indent = 1;
  out << nlohmann::json{{"scenarios", std::move(scenarios)}}.dump(indent, ' ', false,
                                                                  nlohmann::json::error_handler_t::replace)
      << '\n';
}

}  // namespace lblab::report
