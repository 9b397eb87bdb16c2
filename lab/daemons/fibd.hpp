#pragma once

#include "lab/daemons/program.hpp"
#include "lab/model/cluster.hpp"

namespace lblab::daemons::fibd {

/// Keeps the kernel's multipath routes in step with the gobgpd of the same host; keeps them for `stale_time`
/// when that is gone.
Program beside_gobgpd(milliseconds stale_time, model::NexthopGroups);

}  // namespace lblab::daemons::fibd
