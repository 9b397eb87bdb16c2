#pragma once

#include <iosfwd>
#include <span>

#include "lab/expect/verdict.hpp"

namespace lblab::report {

/// {"scenarios": [expect::to_json(verdict), …]}, indented, with a line feed at the end. Bytes that are no
/// UTF-8 become U+FFFD; numbers that are not finite become null.
void write_json(std::ostream&, std::span<const expect::ScenarioVerdict>);

}  // namespace lblab::report
