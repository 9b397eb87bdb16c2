#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "lab/model/check.hpp"
#include "lab/model/nearest.hpp"
#include "lab/model/value.hpp"

namespace lblab::model {
namespace {

using Parts = std::vector<const Grammar*>;

Parts of_group(Parts parts, std::string_view group) {
  std::erase_if(parts, [&](const Grammar* part) { return part->key->group != group; });
  return parts;
}

std::string names(const Parts& parts, std::string_view between) {
  std::vector<std::string_view> all;
  std::ranges::transform(parts, std::back_inserter(all), &Grammar::name);
  return fmt::format("{}", fmt::join(all, between));
}

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
      const Grammar& meant = *grammar.find(grammar.key->short_list);
      return check(value, meant, std::string(grammar.key->short_list), at);
    }
    if (value.kind == Yaml::Kind::scalar)
      return check(value, *grammar.find(grammar.key->short_value), name, at);
    bool all_known = true;
    for (const auto& field : value.fields) {
      if (const Grammar* child = grammar.find(field.key)) {
        check(field.value, *child, field.key, field.mark);
        continue;
      }
      all_known = false;
      out_.push_back(
          {field.mark, fmt::format("unknown key {}", shown(field.key)), known_keys(field.key, grammar)});
    }
    const auto parts = grammar.parts();
    for (const Grammar* part : parts) check_company(value, *part, parts, name, at);
    check_groups(value, grammar, name, at, all_known);
  }

  /// What a key needs beside it, or cannot stand beside.
  void check_company(const Yaml& value, const Grammar& part, const Parts& parts, const std::string& name,
                     Mark at) {
    const Key& key = *part.key;
    const auto is_given = [&](std::string_view other) { return value.find(other) != nullptr; };
    const bool has_company = key.with.empty() || std::ranges::any_of(key.with, is_given);
    const auto* field = value.find(part.name);
    if (key.required && has_company && !field)
      out_.push_back({at, fmt::format("{} lacks the key '{}'", name, part.name),
                      fmt::format("add {}: {}", part.name, example(part))});
    if (!field) return;
    if (!has_company)
      out_.push_back({field->mark, fmt::format("{} without {}", part.name, fmt::join(key.with, " or ")),
                      fmt::format("it goes with {} only", fmt::join(key.with, ", "))});
    if (key.beside.empty()) return;
    Parts fitting = of_group(parts, key.beside);
    if (std::ranges::any_of(fitting, is_given, &Grammar::name)) return;
    std::erase_if(fitting, [&](const Grammar* other) {
      return !other->key->with.empty() &&
             std::ranges::find(other->key->with, part.name) == other->key->with.end();
    });
    out_.push_back({field->mark, fmt::format("{} without {}", part.name, names(fitting, " or ")),
                    fmt::format("add {}: {}", fitting.front()->name, example(*fitting.front()))});
  }

  /// `all_known`: nothing in the value may be a misspelt key of the group.
  void check_groups(const Yaml& value, const Grammar& grammar, const std::string& name, Mark at,
                    bool all_known) {
    const Key& key = *grammar.key;
    const auto parts = grammar.parts();
    for (const auto group : {key.one_of, key.some_of, key.at_most_one_of}) {
      if (group.empty()) continue;
      const Parts all = of_group(parts, group);
      Parts given = all;
      std::erase_if(given, [&](const Grammar* part) { return !value.find(part->name); });
      if (given.empty() && group != key.at_most_one_of && all_known)
        out_.push_back({at, fmt::format("{} has no {}", name, group),
                        fmt::format("add {}{}", group == key.one_of ? "one of " : "", names(all, ", "))});
      std::ranges::sort(given, {}, [&](const Grammar* part) { return value.find(part->name)->mark; });
      if (given.size() > 1 && group != key.some_of)
        out_.push_back({value.find(given[1]->name)->mark,
                        fmt::format("{} has {}", name, names(given, " and ")), "keep one of them"});
    }
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
    for (const Grammar* part : grammar.parts()) known.push_back(part->name);
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
