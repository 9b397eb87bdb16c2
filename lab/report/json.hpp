#pragma once

#include <iosfwd>
#include <span>

#include "lab/expect/verdict.hpp"

namespace lblab::report {

/// {"scenarios": [expect::to_json(verdict), …]}, and of what was carried out more than once "rounds":
/// [expect::to_json(rounds), …]; indented, with a line feed at the end. Bytes that are no
/// UTF-8 become U+FFFD; numbers that are not finite become null.
void write_json(std::ostream&, std::span<const expect::ScenarioVerdict>);

}  // namespace lblab::report
