#include "lab/model/reference.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "lab/model/keys.hpp"
#include "lab/model/value.hpp"

namespace lblab::model {
namespace {

/// "nodes.*.bgp.as" as `nodes.NODE.bgp.as`: the user's names in capitals.
std::string shown_path(std::string_view path) {
  std::string text(path);
  for (const auto& [map, name] : {std::pair<std::string_view, std::string_view>{"networks.", "NETWORK"},
                                  {"nodes.", "NODE"},
                                  {"interfaces.", "NETWORK"},
                                  {"sysctls.", "SETTING"},
                                  {"environment.", "VARIABLE"},
                                  {"services.", "SERVICE"},
                                  {"scenarios.", "SCENARIO"},
                                  {"event.", "MEMBER"},
                                  {"order[].", "MEMBER"},
                                  {"bench.", "BENCH"},
                                  {"vary.", "AXIS"},
                                  {"set.", "KEY"},
                                  {"figures.", "SERIES"}})
    if (const auto at = text.find(std::string(map) + "*"); at != text.npos)
      text.replace(at + map.size(), 1, name);
  return text;
}

std::string takes(const Key& key) {
  if (key.type == Type::choice || key.type == Type::signal)
    return fmt::format("`{}`", fmt::join(key.allowed, "`, `"));
  return expected(key);
}

std::string absent(const Key& key) {
  if (key.required && !key.with.empty())
    return fmt::format("required beside `{}`", fmt::join(key.with, "`, `"));
  if (key.required) return "required";
  if (!key.with.empty()) return fmt::format("only beside `{}`", fmt::join(key.with, "`, `"));
  return key.fallback.empty() ? "" : fmt::format("`{}`", key.fallback);
}

/// What only says "one of those": its keys follow.
bool is_plain_element(const Key& key) {
  return key.type == Type::object && (key.path.ends_with("*") || key.path.ends_with("[]")) &&
         key.short_list.empty() && key.short_value.empty();
}

std::string row(const Key& key) {
  return fmt::format("| `{}` | {} | {} | {} |\n", shown_path(key.path), takes(key), absent(key), key.meaning);
}

}  // namespace

std::string key_reference() {
  std::string text;
  for (const Key& key : keys().subspan(1)) {  // less the root
    if (key.path.find_first_of(".[") == key.path.npos)
      text += fmt::format("\n### {}\n\n| key | takes | default | meaning |\n| --- | --- | --- | --- |\n",
                          key.path);
    if (!is_plain_element(key)) text += row(key);
  }
  return text + "\n";
}

}  // namespace lblab::model
