#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "lab/model/check.hpp"
#include "lab/model/nearest.hpp"
#include "lab/model/value.hpp"

namespace lblab::model {
namespace {

class Shape {
 public:
  explicit Shape(Diagnostics& out) : out_(out) {}

  /// `name` is how to call the value; `at` where a reader looks for it when a part of it is missing.
  void check(const Yaml& value, const Grammar& grammar, const std::string& name, Mark at) {
    if (auto wrong = problem(*grammar.key, name, value)) return out_.push_back(std::move(*wrong));
    switch (grammar.key->type) {
      case Type::object:
        return check_object(value, grammar, name, at);
      case Type::map:
        return check_map(value, grammar, name);
      case Type::list:
      case Type::one_or_list:
        return check_list(value, grammar, name);
      default:
        return;
    }
  }

 private:
  void check_object(const Yaml& value, const Grammar& grammar, const std::string& name, Mark at) {
    if (value.kind == Yaml::Kind::sequence) {
      const Grammar& meant = *grammar.find(grammar.key->short_form);
      return check(value, meant, std::string(grammar.key->short_form), at);
    }
    for (const auto& field : value.fields) {
      if (const Grammar* child = grammar.find(field.key))
        check(field.value, *child, field.key, field.mark);
      else
        out_.push_back(
            {field.mark, fmt::format("unknown key {}", shown(field.key)), known_keys(field.key, grammar)});
    }
    for (const auto& child : grammar.children)
      if (child.key->required && !value.find(child.name))
        out_.push_back({at, fmt::format("{} lacks the key '{}'", name, child.name),
                        fmt::format("add {}: {}", child.name, example(child))});
  }

  void check_map(const Yaml& value, const Grammar& grammar, const std::string& name) {
    const Key& key = *grammar.key;
    for (const auto& field : value.fields) {
      if (!is_name(key.names, field.key, static_cast<std::size_t>(key.max)))
        out_.push_back({field.mark, fmt::format("{} cannot be a name in {}", shown(field.key), name),
                        "write " + expected_name(key.names, key.max)});
      check(field.value, grammar.each(), field.key, field.mark);
    }
  }

  void check_list(const Yaml& value, const Grammar& grammar, const std::string& name) {
    const std::string element = value.kind == Yaml::Kind::scalar ? name : "an element of " + name;
    if (value.kind == Yaml::Kind::scalar) return check(value, grammar.each(), name, value.mark);
    for (const auto& item : value.items) check(item, grammar.each(), element, item.mark);
  }

  static std::string known_keys(const std::string& word, const Grammar& grammar) {
    std::vector<std::string_view> known;
    for (const auto& child : grammar.children) known.push_back(child.name);
    if (const auto meant = nearest(word, known)) return fmt::format("did you mean '{}'?", *meant);
    return fmt::format("the keys here are {}", fmt::join(known, ", "));
  }

  static std::string example(const Grammar& grammar) {
    const Key& key = *grammar.key;
    if (!key.example.empty()) return std::string(key.example);
    if (key.type == Type::one_or_list) return std::string(grammar.each().key->example);
    return key.max == 2 ? fmt::format("[{0}, {0}]", grammar.each().key->example) : "…";
  }

  Diagnostics& out_;
};

}  // namespace

void check_shape(const Yaml& root, Diagnostics& diagnostics) {
  Shape(diagnostics).check(root, grammar(), "the topology", root.mark);
}

}  // namespace lblab::model
