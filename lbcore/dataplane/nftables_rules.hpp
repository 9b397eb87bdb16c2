#pragma once

#include <span>
#include <string>
#include <string_view>

#include "lbcore/dataplane/nat.hpp"

/// A Table in the words of nftables, and back. Pure.
namespace lbcore::dataplane::nftables {

/// The family and name of the table that holds everything, which is the one that lbd has with IPVS too:
/// whichever comes later takes its place.
inline constexpr const char* table = "inet lbd";

/// The nftables table, as `nft list table` prints it: to the letter where `counts` is empty and `nft -s`
/// lists. A chain for each real server rewrites and counts; a chain for each service chooses one by a map
/// whose numbers are shared out by weight: drawn (scheduler `random`), in turn (`rr`), or hashed from the
/// client's address and port
/// (`sh`). Empty where there are neither ranges nor services.
std::string ruleset(std::span<const Range>, const Table&, const std::map<Place, Count>& counts = {});

/// What ruleset() wrote, from nft's JSON (libnftables-json(5)). Chains that are not ours are passed over; an
/// empty text has no rules.
Rules parse(std::string_view json);

}  // namespace lbcore::dataplane::nftables
