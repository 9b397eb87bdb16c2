#pragma once

#include <string>

#include "lab/model/scenario.hpp"

/// Steps and expectations in words.
namespace lblab::expect {

/// "kill exabgp in web-lb-2 (KILL, never again)"
std::string describe(const model::Step&);
/// "router: 10.1.1.0/24 via node1, node3 within 1 s"
std::string describe(const model::Expectation&);
/// "announce (host web-lb-2, state withdrawn)"
std::string describe(const model::EventPattern&);

/// Does it change the lab? Then windows close and open with it. Expectations, waits and connections do not.
bool is_action(const model::Step&);

/// Does it take something away, until another action gives it back?
bool is_harm(const model::Step&);

/// The host that an action is about; empty: none in particular.
std::string host_of(const model::Step&);

}  // namespace lblab::expect
