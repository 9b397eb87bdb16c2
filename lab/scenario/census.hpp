#pragma once

#include "lab/expect/evidence.hpp"
#include "lab/run/running_lab.hpp"

namespace lblab::scenario {

/// Who is who in the lab, as it is now.
expect::Census census(const run::RunningLab&);

}  // namespace lblab::scenario
