#include "lab/model/override.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "lab/model/keys.hpp"
#include "lab/model/value.hpp"
#include "lab/model/yaml.hpp"

namespace lblab::model {
namespace {

/// A scalar that reads as the same again, whatever is in it. Plain where it was plain, for "5" and 5 differ.
std::string scalar_text(const Yaml& scalar) {
  const auto is_harmless = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '/' || c == '_' || c == '-';
  };
  if (!scalar.quoted && !scalar.text.empty() && scalar.text.front() != '-' &&
      std::ranges::all_of(scalar.text, is_harmless))
    return scalar.text;
  if (!scalar.quoted && (to_integer(scalar.text) || scalar.text == "-")) return scalar.text;
  std::string out = "\"";
  for (const char c : scalar.text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else
      out += c;
  }
  return out + "\"";
}

std::string name_text(const std::string& name) {
  Yaml scalar;
  scalar.kind = Yaml::Kind::scalar;
  scalar.text = name;
  return scalar_text(scalar);
}

void write(const Yaml& value, std::string& out) {
  const char* between = "";
  switch (value.kind) {
    case Yaml::Kind::null:
      out += "~";
      return;
    case Yaml::Kind::scalar:
      out += scalar_text(value);
      return;
    case Yaml::Kind::sequence:
      out += "[";
      for (const auto& item : value.items) {
        out += std::exchange(between, ", ");
        write(item, out);
      }
      out += "]";
      return;
    case Yaml::Kind::map:
      out += "{";
      for (const auto& field : value.fields) {
        out += std::exchange(between, ", ") + name_text(field.key) + ": ";
        write(field.value, out);
      }
      out += "}";
      return;
  }
}

/// The top level a line each, so that a message's line says of what it speaks.
std::string document(const Yaml& root) {
  std::string out;
  for (const auto& field : root.fields) {
    out += name_text(field.key) + ": ";
    write(field.value, out);
    out += "\n";
  }
  return out;
}

void put(Yaml& map, std::string_view key, Yaml value) {
  if (const auto found = map.index.find(key); found != map.index.end()) {
    map.fields[found->second].value = std::move(value);
    return;
  }
  map.index.emplace(key, map.fields.size());
  map.fields.push_back({std::string(key), {}, std::move(value)});
}

void take_away(Yaml& map, std::string_view key) {
  std::erase_if(map.fields, [&](const Yaml::Field& field) { return field.key == key; });
  map.index.clear();
  for (std::size_t n = 0; n < map.fields.size(); ++n) map.index.emplace(map.fields[n].key, n);
}

Yaml empty_map() {
  Yaml map;
  map.kind = Yaml::Kind::map;
  return map;
}

/// A place on the way to a key, and what the table of keys says of it; nothing where it knows nothing.
struct Place {
  Yaml* yaml;
  const Grammar* grammar;
};

/// Makes it a map: what is absent becomes an empty one, a short form is written out. Whether it is one then.
bool open(const Place& at) {
  if (at.yaml->kind == Yaml::Kind::null) *at.yaml = empty_map();
  if (at.yaml->kind == Yaml::Kind::map) return true;
  const bool is_list = at.yaml->kind == Yaml::Kind::sequence;
  const auto stands_for = !at.grammar ? ""
                          : is_list   ? at.grammar->key->short_list
                                      : at.grammar->key->short_value;
  if (stands_for.empty()) return false;
  Yaml whole = empty_map();
  put(whole, stands_for, std::move(*at.yaml));
  *at.yaml = std::move(whole);
  return true;
}

const Grammar* below(const Grammar* grammar, std::string_view step) {
  if (!grammar) return nullptr;
  return grammar->key->type == Type::map ? &grammar->each() : grammar->find(step);
}

/// The next step of a key: up to a dot, or all of it where names have dots and no keys below them.
std::string_view step_of(const Grammar* grammar, std::string_view key) {
  if (grammar && grammar->key->type == Type::map && grammar->each().children.empty() && !grammar->each().like)
    return key;
  return key.substr(0, key.find('.'));
}

/// Why it could not be done; empty if it was.
std::string set(Yaml& root, const Setting& setting, const std::optional<Yaml>& value) {
  Place at{&root, &grammar()};
  std::string_view rest = setting.key;
  for (;;) {
    if (!open(at)) return fmt::format("what is before .{} in it has no keys", shown(rest));
    const auto step = step_of(at.grammar, rest);
    if (step.empty()) return "it has an empty name in it";
    if (step.size() == rest.size()) {
      if (value)
        put(*at.yaml, step, *value);
      else
        take_away(*at.yaml, step);
      return {};
    }
    rest.remove_prefix(step.size() + 1);
    if (!at.yaml->find(step)) {
      if (!value) return {};
      put(*at.yaml, step, empty_map());
    }
    at = {&at.yaml->fields[at.yaml->index.find(step)->second].value, below(at.grammar, step)};
  }
}

}  // namespace

std::optional<Setting> setting(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos) return std::nullopt;
  return Setting{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

Overridden override_settings(std::string_view yaml, std::span<const Setting> settings) {
  Overridden made;
  auto root = read_yaml(yaml, made.diagnostics);
  if (!root || !made.diagnostics.empty()) return made;
  for (const auto& setting : settings) {
    const auto report = [&](const std::string& why) {
      made.diagnostics.push_back({{},
                                  fmt::format("{} cannot be set: {}", shown(setting.key), why),
                                  "write a key from the top, as services.web.pods.replicas, and a value"});
    };
    std::optional<Yaml> value;
    if (setting.value) {
      Diagnostics mistakes;
      value = read_yaml(*setting.value, mistakes);
      if (!value || !mistakes.empty()) {
        report(mistakes.empty() ? "it has no value" : mistakes.front().wrong);
        continue;
      }
    }
    if (const auto why = set(*root, setting, value); !why.empty()) report(why);
  }
  if (made.diagnostics.empty()) made.text = document(*root);
  return made;
}

}  // namespace lblab::model
