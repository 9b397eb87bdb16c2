#pragma once

#include <string>

#include "lab/sys/netns.hpp"

namespace lblab::apply {

/// Replaces all of a namespace's nftables by `ruleset` (nft's own language; empty: none), in one transaction.
/// Throws SystemError whose text holds what nft says of the ruleset.
void replace_nftables(const sys::Netns&, const std::string& ruleset);

}  // namespace lblab::apply
