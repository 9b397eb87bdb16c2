#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lab/expect/verdict.hpp"
#include "lab/probe/record.hpp"

namespace lblab::expect {

/// How a long-lived connection fared.
enum class Fate { survived, reset, closed, blackholed, other_server, refused };

struct Fared {
  Fate fate = Fate::survived;
  double lost_at = 0;  // seconds on CLOCK_MONOTONIC; survived: its end
};

/// A connection that another server than its first answered has lost its state, however it went on; one
/// whose last exchanges got no answer was lost when the first of them was due.
Fared fared(const probe::Flow& flow);
std::string text(Fate fate);

/// nullopt where there were none.
std::optional<Ledger> ledger(const std::vector<probe::Flow>& flows);

}  // namespace lblab::expect
