#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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
  yes,               // true; false would say nothing
  integer_range,     // a whole number, or FIRST..LAST, from which one is drawn
  duration_range,    // as integer_range
  duration_or_true,  // true: as long as can be
  percentage,        // with a %, and perhaps a fraction
  share,             // a number from 0 to 1
  bit_rate,          // min and max in bit/s
  signal,            // its name, with or without SIG
};

struct Key {
  std::string_view path;  // "nodes.*.routes[].to": `*` is a name of the user's, [] an element of a list
  Type type;
  Type names = Type::label;  // map: what its names are
  bool required = false;
  std::string_view fallback = {};  // what an absent key means, as one would write it; empty: nothing
  std::vector<std::string_view> allowed = {};  // choice, signal
  std::int64_t min = 0, max = 0;      // integer, durations: of the value; text, names, lists: of the length
  std::string_view short_list = {};   // object: the key that a bare list stands for
  std::string_view short_value = {};  // object: the key that a bare word or number stands for
  std::string_view like = {};         // the path of a key before it, whose parts this one has too
  // object: of its keys' groups, the one of which there must be exactly one; at least one; at most one
  std::string_view one_of = {}, some_of = {}, at_most_one_of = {};
  std::string_view group = {};
  std::vector<std::string_view> with = {};  // only beside one of these; `required`: then it must be
  std::string_view beside = {};             // a group of which one must be beside it
  std::string_view example = {};
  std::string_view meaning = {};
};

std::span<const Key> keys();

/// The table as a tree: what the parser walks beside the file.
struct Grammar {
  std::string_view name;  // the last step of the key's path
  const Key* key = nullptr;
  std::vector<Grammar> children;  // its own; a map's or list's only child is "*" or "[]"
  const Grammar* like = nullptr;  // whose children these are too

  /// Its children in the table's order, then those of what it is like.
  std::vector<const Grammar*> parts() const;
  const Grammar* find(std::string_view name) const;
  /// What the values of a map or the elements of a list are.
  const Grammar& each() const { return like ? like->each() : children.front(); }
};
const Grammar& grammar();

/// The first step of a key's path, and the rest: "a.b[].c" → "a", "b[].c"; "[].c" → "[]", "c".
std::pair<std::string_view, std::string_view> first_step(std::string_view path);

}  // namespace lblab::model
