#pragma once

#include <set>
#include <string>

namespace lblab::cli {

/// Which kernel a lab runs in, and why it is not this one.
struct Where {
  bool guest = false;
  std::string why;
};

/// kernel: "host", "guest" or "auto". Throws Failure (machine_lacks) that names what is missing, and what
/// package or module has it.
Where choose_kernel(const std::set<std::string>& needs, const std::string& kernel);

}  // namespace lblab::cli
