#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/model/keys.hpp"
#include "lab/model/yaml.hpp"

/// What the scalars of a topology file mean, type by type.
namespace lblab::model {

struct LinkEnd {
  std::string node, interface;
};

std::optional<bool> to_boolean(std::string_view text);
std::optional<std::int64_t> to_integer(std::string_view text);
/// A whole number and one of ms, s, m, h.
std::optional<std::chrono::milliseconds> to_duration(std::string_view text);
std::optional<LinkEnd> to_link_end(std::string_view text);
/// Words as a POSIX shell splits them: spaces part, '…' and "…" hold together, \ takes the next character as
/// it is. Nothing is expanded. Nothing if a quote is left open or there is no word.
std::optional<std::vector<std::string>> to_command(std::string_view line);

/// What the kernel takes as an interface's name (net/core/dev.c, dev_valid_name), less what its
/// /proc/sys/net/*/conf and `%d` patterns make ambiguous.
bool is_interface_name(std::string_view text);
bool is_name(Type type, std::string_view text, std::size_t max);

/// "a whole number from 1 to 65535": what belongs at `key`.
std::string expected(const Key& key);
std::string expected_name(Type type, std::int64_t max);

/// What is wrong with the value, judged by itself; `name` is how to call it. Elements of lists and maps are
/// not looked at.
std::optional<Diagnostic> problem(const Key& key, const std::string& name, const Yaml& value);

/// `text` as it can be shown in a message: cut to a reasonable length.
std::string shown(std::string_view text);

}  // namespace lblab::model
