#pragma once

#include <string>

namespace lblab::cli {

/// Ends the lab and cleans up after it: asks its supervisor, waits for its lock, and kills a supervisor that
/// neither answers nor ends within 30 s (whatever it started dies with it). A lab that does not exist is
/// fine.
void end_lab(const std::string& lab);

/// Returns when nobody holds the lab's lock any more, or the time is up (false).
bool wait_until_ended(const std::string& lab, int seconds);

}  // namespace lblab::cli
