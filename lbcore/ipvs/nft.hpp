#pragma once

#include <string>
#include <string_view>

/// The ruleset of the caller's current network namespace, over libnftables.
namespace lbcore::ipvs::nft {

/// The table as `nft -s list table` prints it (without counters and handles); empty if there is none.
std::string list(std::string_view family_and_name);
/// The same as JSON (libnftables-json(5)), with counters.
std::string list_json(std::string_view family_and_name);
/// Runs commands as one transaction. Throws SystemError{attempt} that holds nft's own words.
void run(std::string_view attempt, const std::string& commands);

}  // namespace lbcore::ipvs::nft
