#include "lab/cli/where.hpp"

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/guest/features.hpp"

namespace lblab::cli {

namespace {

std::string listed(const std::vector<guest::Missing>& missing) {
  std::string text;
  for (const auto& one : missing) text += "\n  " + one.str();
  return text;
}

}  // namespace

Where choose_kernel(const std::set<std::string>& needs, const std::string& kernel) {
  if (kernel == "guest") return {.guest = true, .why = "booting a guest kernel, as asked"};
  auto all = needs;
  all.insert("root");
  const auto missing = guest::Features().missing(all);
  if (missing.empty()) return {};
  std::vector<guest::Missing> nowhere;
  std::string why;
  for (const auto& one : missing)
    if (one.guest_has_it)
      why += (why.empty() ? "" : ", ") + one.what;
    else
      nowhere.push_back(one);
  if (!nowhere.empty()) throw Failure{machine_lacks, "this machine lacks" + listed(nowhere)};
  if (kernel == "host")
    throw Failure{machine_lacks,
                  "this kernel lacks" + listed(missing) + "\n(a guest kernel has it: --kernel auto)"};
  return {.guest = true, .why = "not to be had here: " + why + "; booting a guest kernel that has it"};
}

}  // namespace lblab::cli
