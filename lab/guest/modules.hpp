#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lblab::guest {

/// The files of the named modules and of all they depend on, in an order in which each can be loaded, from
/// the text of modules.dep. '-' and '_' in names are the same. A module that is not in the file is taken to
/// be built into the kernel.
std::vector<std::string> load_order(std::string_view modules_dep, std::span<const std::string_view> names);

/// Removes from an unpacked tree (…/lib/modules/RELEASE) the drivers of hardware that no guest has; four
/// fifths of it.
void prune_modules(const std::string& tree);

}  // namespace lblab::guest
