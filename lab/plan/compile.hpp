#pragma once

#include "lab/plan/op.hpp"

namespace lblab::plan {

/// The only producer of change: ops that turn `have` into `want`, in an order in which each can succeed.
/// Pure. Stops come first, then removals, then additions: hosts, sysctls, links (bridges before their ports),
/// addresses, links up, routes, neighbours, nftables, files, and last the spawns (in order of
/// Process::after). `up` is have = {}, `down` is want = {}. A changed Process or Link is taken away and made
/// anew; a changed route, sysctl, ruleset or file is replaced.
Plan compile(const Lab& have, const Lab& want);

}  // namespace lblab::plan
