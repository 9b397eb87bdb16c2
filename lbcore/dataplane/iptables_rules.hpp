#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lbcore/dataplane/nat.hpp"

/// A Table in the words of iptables-save(8), table nat, and back, in the way of kube-proxy: a chain for each
/// service jumps by chance to one of the chains of its real servers, each of which rewrites. All chains are
/// called LBD-…; what cannot be read off a rule (weights, schedulers) stands in its comment. IPv4. Pure.
namespace lbcore::dataplane::iptables {

/// By chain, the rules in order, each without its -A CHAIN. Of the kernel's own chains only what is ours.
using Chains = std::map<std::string, std::vector<std::string>>;

/// What should be there; empty where there are neither ranges nor services.
Chains chains(std::span<const Range>, const Table&);

/// What is there, with what its rules counted.
struct Saved {
  Chains chains;
  std::map<std::string, Count> counts;  // by chain: of its first rule
};
/// From `iptables-save -c -t nat`.
Saved parse(std::string_view text);
Rules rules(const Saved&);

/// What makes `have` equal to `want`, for `iptables-restore --noflush --counters`: the chains that stay keep
/// what they counted. Empty if they are equal.
std::string restore(const Chains& want, const Saved& have);

}  // namespace lbcore::dataplane::iptables
