#pragma once

#include <string_view>

#include "lab/probe/record.hpp"

namespace lblab::probe {

/// As they are written: "answered", "timed_out", "survived".
std::string_view name(Request::End);
std::string_view name(Flow::End);

/// Throw std::runtime_error for a name that is none of theirs.
Request::End request_end(std::string_view name);
Flow::End flow_end(std::string_view name);

}  // namespace lblab::probe
