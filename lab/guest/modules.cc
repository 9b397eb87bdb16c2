#include "lab/guest/modules.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>

#include "lab/sys/fd.hpp"

namespace lblab::guest {

namespace fs = std::filesystem;

namespace {

std::string module_name(const std::string& path) {
  auto name = fs::path(path).filename().string();
  name = name.substr(0, name.find(".ko"));
  std::ranges::replace(name, '-', '_');
  return name;
}

using Dependencies = std::map<std::string, std::vector<std::string>>;  // by file

void add(const std::string& file, const Dependencies& dependencies, std::vector<std::string>& order) {
  if (std::ranges::find(order, file) != order.end()) return;
  if (const auto found = dependencies.find(file); found != dependencies.end())
    for (const auto& other : found->second) add(other, dependencies, order);
  order.push_back(file);
}

/// Removes what is in the folder but for the entries named.
void keep_only(const fs::path& folder, std::span<const std::string_view> kept) {
  std::vector<fs::path> doomed;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_directory() && std::ranges::find(kept, entry.path().filename().string()) == kept.end())
      doomed.push_back(entry.path());
  for (const auto& path : doomed) fs::remove_all(path);
}

}  // namespace

std::vector<std::string> load_order(std::string_view modules_dep, std::span<const std::string_view> names) {
  Dependencies dependencies;
  std::map<std::string, std::string> files;
  std::istringstream lines{std::string(modules_dep)};
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const auto file = line.substr(0, colon);
    files[module_name(file)] = file;
    std::istringstream words{line.substr(colon + 1)};
    for (std::string other; words >> other;) dependencies[file].push_back(other);
  }
  std::vector<std::string> order;
  for (const auto name : names)
    if (const auto found = files.find(module_name(std::string(name))); found != files.end())
      add(found->second, dependencies, order);
  return order;
}

std::string_view without_signature(std::string_view module) {
  constexpr std::string_view mark = "~Module signature appended~\n";
  constexpr std::size_t description_bytes =
      12;  // struct module_signature; its last four hold the signature's length
  if (!module.ends_with(mark) || module.size() < mark.size() + description_bytes) return module;
  const auto body = module.substr(0, module.size() - mark.size());
  std::size_t signature_bytes = 0;  // big-endian
  for (const char byte : body.substr(body.size() - 4))
    signature_bytes = signature_bytes << 8 | static_cast<std::uint8_t>(byte);
  if (signature_bytes > body.size() - description_bytes) return module;
  return body.substr(0, body.size() - description_bytes - signature_bytes);
}

void strip_signatures(const std::string& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".ko") continue;
    const auto module = sys::read_file(entry.path());
    fs::resize_file(entry.path(), without_signature(module).size());
  }
}

void prune_modules(const std::string& tree) {
  static constexpr std::string_view drivers[] = {"block", "char", "md", "net", "vhost", "virtio"};
  static constexpr std::string_view net_drivers[] = {"bonding", "ipvlan", "netdevsim", "ppp",
                                                     "slip",    "team",   "vxlan",     "wireguard"};
  const fs::path kernel = fs::path(tree) / "kernel";
  fs::remove_all(kernel / "sound");
  keep_only(kernel / "drivers", drivers);
  keep_only(kernel / "drivers/net", net_drivers);
}

}  // namespace lblab::guest
