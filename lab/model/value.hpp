#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/model/keys.hpp"
#include "lab/model/scenario.hpp"
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
/// One such value, or FIRST..LAST, in this order.
std::optional<Drawn<std::int64_t>> to_integer_range(std::string_view text);
std::optional<Drawn<std::chrono::milliseconds>> to_duration_range(std::string_view text);
/// A decimal number from 0 to 1, as 0.99 or 1e-6.
std::optional<double> to_share(std::string_view text);
/// A decimal number from 0 to 100 and a %, in percent.
std::optional<double> to_percentage(std::string_view text);
/// A whole number and one of bit, kbit, mbit, gbit (each 1000 times the one before), per second.
std::optional<std::uint64_t> to_bit_rate(std::string_view text);
/// The number of a signal, by its name with or without SIG.
std::optional<int> to_signal(std::string_view text);
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
