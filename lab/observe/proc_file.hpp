#pragma once

#include <limits>
#include <string>

#include "lab/sys/netns.hpp"

namespace lblab::observe {

/// A file below /proc/thread-self/net, as the namespace has it; of a long one no more than `most_bytes`.
/// Empty if there is none.
std::string read_inside(const sys::Netns&, const char* path,
                        std::size_t most_bytes = std::numeric_limits<std::size_t>::max());

}  // namespace lblab::observe
