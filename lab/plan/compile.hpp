#pragma once

#include <span>
#include <vector>

#include "lab/plan/op.hpp"

namespace lblab::plan {

/// The only producer of change: ops that turn `have` into `want`, in an order in which each can succeed.
/// Pure. Stops come first (Process::after in reverse), then removals, then additions: hosts, sysctls, links
/// (bridges before their ports), addresses, links up, routes, neighbours, nftables, files, and last the
/// spawns (in order of Process::after). `up` is have = {}, `down` is want = {}. A changed Process or Link is
/// taken away and made anew; a changed route, sysctl, ruleset or file is replaced.
Plan compile(const Lab& have, const Lab& want);

/// The Stops that a plan begins with, as spans of it that follow each other: those of one may get their
/// signals together; a process that one of an earlier span is `after`, and so needs until its end, is in a
/// later one.
std::vector<std::span<const Op>> stop_turns(std::span<const Op> plan);

}  // namespace lblab::plan
