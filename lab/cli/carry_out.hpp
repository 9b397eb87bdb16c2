#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "lab/expect/verdict.hpp"

namespace lblab::cli {

/// Has the supervisor of a lab that is up carry a scenario out. request: see scenario/serve.hpp, WS /check.
/// Throws Failure, with the supervisor's own words and code, if there is no verdict.
boost::asio::awaitable<expect::ScenarioVerdict> carry_out(
    const std::string& lab, const nlohmann::json& request,
    const std::function<void(const std::string&)>& progress);

}  // namespace lblab::cli
