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

/// The module without the signature that may be appended to it (kernel/module/signing.c). The guest's kernel
/// takes unsigned modules, and checking signatures is two fifths of loading one under emulation.
std::string_view without_signature(std::string_view module);

/// Takes the signatures off all modules below a folder.
void strip_signatures(const std::string& folder);

/// Removes from an unpacked tree (…/lib/modules/RELEASE) the drivers of hardware that no guest has; four
/// fifths of it.
void prune_modules(const std::string& tree);

}  // namespace lblab::guest
