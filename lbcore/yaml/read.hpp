#pragma once

#include <yaml-cpp/yaml.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/sys/address.hpp"
#include "lbcore/mistake.hpp"

/// YAML (and so JSON) to values, with every mistake noted at its place instead of the first one thrown.
namespace lbcore::yaml {

/// Every document of the text. A syntax error is noted, and then there are none.
std::vector<YAML::Node> load(std::string_view text, Mistakes&);

Mistake at(const YAML::Node&, std::string wrong, std::string right = "");

/// One key of a mapping, and what to do with its value.
struct Key {
  enum class Presence { optional, required };
  std::string name;
  std::function<void(const YAML::Node&)> read;
  Presence presence = Presence::optional;
};
inline constexpr auto required = Key::Presence::required;

enum class Others { are_mistakes, are_ignored };

/// Reads a mapping in the order it is written. Notes what is not a mapping, unknown keys (with the one
/// probably meant), keys given twice and required ones that are missing. A null value counts as absent.
void read_map(const YAML::Node&, const std::string& what, const std::vector<Key>& keys, Mistakes&,
              Others others = Others::are_mistakes);
/// Notes what is not a list.
void read_list(const YAML::Node&, const std::string& what, const std::function<void(const YAML::Node&)>& read,
               Mistakes&);

/// Scalars; each notes its mistake and returns nothing if the node is not one. `what` names the value:
/// "port".
std::optional<std::string> text(const YAML::Node&, const std::string& what, Mistakes&);
std::optional<bool> boolean(const YAML::Node&, const std::string& what, Mistakes&);
std::optional<std::int64_t> number(const YAML::Node&, const std::string& what, std::int64_t least,
                                   std::int64_t most, Mistakes&);
/// "250ms", "1s", "2m"; more than zero.
std::optional<std::chrono::milliseconds> duration(const YAML::Node&, const std::string& what, Mistakes&);
std::optional<lblab::sys::Address> address(const YAML::Node&, const std::string& what, Mistakes&);
/// A network: no host bits. A bare address is a /32 or /128.
std::optional<lblab::sys::Prefix> network(const YAML::Node&, const std::string& what, Mistakes&);
/// The index of the word in `words`.
std::optional<std::size_t> one_of(const YAML::Node&, const std::string& what,
                                  const std::vector<std::string>& words, Mistakes&);

/// A number that is written in digits alone, and nothing else.
std::optional<std::int64_t> whole(std::string_view digits);

/// Puts a value that was read into its place; leaves the place alone if there was none.
template <class To, class From>
void into(To& place, const std::optional<From>& value) {
  if (value) place = static_cast<To>(*value);
}

}  // namespace lbcore::yaml
