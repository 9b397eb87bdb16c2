#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lab/model/diagnostic.hpp"

namespace lblab::model {

/// What one key of a topology is to be instead: `key` from the root, with dots
/// ("services.web.pods.replicas"); `value` as YAML ("9", "[a, b]"), or nothing, which takes the key away. A
/// last name with dots of its own, as a sysctl has, is written as it is:
/// "nodes.a.sysctls.net.ipv4.ip_forward". What a key on the way lacks is made; a short form on the way
/// (`node-net: 10.0.0.105`) is written out. Lists have no keys: set the whole.
struct Setting {
  std::string key;
  std::optional<std::string> value;
  bool operator==(const Setting&) const = default;
};

/// "services.web.pods.replicas=9", as on a command line; nothing if it has no key or no '='.
std::optional<Setting> setting(std::string_view text);

/// A topology with other values, as YAML again; or why not. Unlike the file, its text has no comments. Its
/// mistakes are for parse() to find, but for those that keep it from being written: the topology or a value
/// is no YAML, or a setting goes through a list or a number.
struct Overridden {
  std::string text;
  Diagnostics diagnostics;  // of a setting: without a mark
};
Overridden override_settings(std::string_view yaml, std::span<const Setting> settings);

}  // namespace lblab::model
