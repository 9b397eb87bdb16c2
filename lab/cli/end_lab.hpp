#pragma once

#include <string>

namespace lblab::cli {

/// Ends the lab, also one that is still coming up, and cleans up after it: asks its supervisor as soon as
/// there is one, waits for its lock, and kills a supervisor that neither answers nor ends within 30 s
/// (whatever it started dies with it). A lab that does not exist is fine. Throws Failure (lab_fault) where
/// the lab lives on.
void end_lab(const std::string& lab);

}  // namespace lblab::cli
