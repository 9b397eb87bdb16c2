#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/model/diagnostic.hpp"

namespace lblab::model {

/// A YAML document as a value, every part with its place in the file. The only type of this room that YAML
/// text becomes; yaml-cpp stays behind read_yaml().
struct Yaml {
  enum class Kind { null, scalar, sequence, map };
  struct Field;

  Kind kind = Kind::null;
  Mark mark;
  std::string text;     // scalar
  bool quoted = false;  // scalar: written with quotes or as a block, so a string whatever it looks like
  std::vector<Yaml> items;
  std::vector<Field> fields;                              // map: in the order written, keys unique
  std::map<std::string, std::size_t, std::less<>> index;  // map: key → position in fields

  const Field* find(std::string_view key) const;
};

struct Yaml::Field {
  std::string key;
  Mark mark;  // the key's
  Yaml value;
};

/// Larger files and deeper nesting are refused before they can cost memory or stack.
inline constexpr std::size_t max_bytes = 1 << 20;
inline constexpr int max_depth = 64;

/// The one document of `text`. Nothing, and why in `diagnostics`, if it is not YAML, is empty, is no UTF-8,
/// is too large or too deep. Keys given twice, anchors, aliases and tags are reported, and the rest is read
/// on.
std::optional<Yaml> read_yaml(std::string_view text, Diagnostics& diagnostics);

}  // namespace lblab::model
