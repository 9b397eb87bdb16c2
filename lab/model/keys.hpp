#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Every key that a topology file may hold, in one table. The parser's checks, its defaults, the JSON Schema
/// (schema.hpp) and the reference for people (reference.hpp) are made from it, so that they cannot part.
namespace lblab::model {

enum class Type {
  object,  // known keys
  map,     // the user's names, one kind of value
  list,
  one_or_list,  // one value, or a list of them
  label,        // RFC 1123 hostname label that begins with a letter
  word,         // letters, digits, '.', '_', '-'
  variable,     // an environment variable's name
  sysctl,       // net.…: what a network namespace has of its own
  text,         // any one line
  boolean,
  integer,
  duration,       // min and max in ms
  whole_seconds,  // a duration, min and max in ms
  address,
  interface_address,  // an address and the prefix length of its subnet
  network,            // without host bits
  choice,
  link_end,  // NODE:INTERFACE
  command,   // a line that is split as a shell does, or a list of words
  regex,     // ECMAScript
  url_path,
};

struct Key {
  std::string_view path;  // "nodes.*.routes[].to": `*` is a name of the user's, [] an element of a list
  Type type;
  Type names = Type::label;  // map: what its names are
  bool required = false;
  std::string_view fallback = {};  // what an absent key means, as one would write it; empty: nothing
  std::vector<std::string_view> allowed = {};  // choice
  std::vector<std::string_view> planned = {};  // choice: known, and not built yet
  std::int64_t min = 0, max = 0;     // integer, durations: of the value; text, names, lists: of the length
  std::string_view short_form = {};  // object: the key that a bare list stands for
  std::string_view example = {};
  std::string_view meaning = {};
};

std::span<const Key> keys();

/// The table as a tree: what the parser walks beside the file.
struct Grammar {
  std::string_view name;  // the last step of the key's path
  const Key* key = nullptr;
  std::vector<Grammar> children;  // in the table's order; a map's or list's only child is "*" or "[]"

  const Grammar* find(std::string_view name) const;
  /// What the values of a map or the elements of a list are.
  const Grammar& each() const { return children.front(); }
};
const Grammar& grammar();

}  // namespace lblab::model
