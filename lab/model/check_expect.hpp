#pragma once

#include "lab/model/scenario_scope.hpp"
#include "lab/model/view.hpp"

namespace lblab::model {

/// What an expectation speaks of must be there, and something must be there to judge it by.
/// has_connected: whether a `connect` stands before it.
void check_expect(const View& expect, bool has_connected, ScenarioScope& scope);

}  // namespace lblab::model
