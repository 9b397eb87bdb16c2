#include "lab/model/schema.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <tuple>

#include "lab/model/keys.hpp"
#include "lab/model/value.hpp"

namespace lblab::model {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* label = "[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?";
constexpr const char* octet = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";

std::string address() { return fmt::format("({0}\\.{0}\\.{0}\\.{0}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)", octet); }

Json matching(const std::string& pattern) { return {{"type", "string"}, {"pattern", "^" + pattern + "$"}}; }

/// A name, as a value or as a map's key.
Json name(Type type, std::int64_t max) {
  Json schema;
  switch (type) {
    case Type::word:
      schema = matching("(?!\\.\\.?$)[A-Za-z0-9._-]+");
      break;
    case Type::variable:
      schema = matching("[A-Za-z_][A-Za-z0-9_]*");
      break;
    case Type::sysctl:
      schema = matching("net(\\.[A-Za-z0-9_-]+)+");
      break;
    default:
      schema = matching(label);
      break;
  }
  schema["maxLength"] = max;
  return schema;
}

/// Any one scalar: YAML reads 1 and true as other than strings.
Json text(const Key& key) {
  return {{"type", {"string", "number", "boolean"}}, {"pattern", "^[^\\n]*$"}, {"maxLength", key.max}};
}

Json any_of(std::initializer_list<Json> schemas) { return {{"anyOf", Json(schemas)}}; }

Json scalar(const Key& key) {
  switch (key.type) {
    case Type::text:
      return text(key);
    case Type::boolean:
      return {{"type", "boolean"}};
    case Type::integer:
      return {{"type", "integer"}, {"minimum", key.min}, {"maximum", key.max}};
    case Type::duration:
    case Type::whole_seconds:
      return matching("[0-9]+(ms|s|m|h)");
    case Type::duration_range:
      return matching("[0-9]+(ms|s|m|h)(\\.\\.[0-9]+(ms|s|m|h))?");
    case Type::integer_range:
      return any_of({{{"type", "integer"}, {"minimum", key.min}, {"maximum", key.max}},
                     matching("[0-9]+\\.\\.[0-9]+")});
    case Type::duration_or_true:
      return any_of({{{"const", true}}, matching("[0-9]+(ms|s|m|h)")});
    case Type::yes:
      return {{"const", true}};
    case Type::share:  // for YAML 1.1, 1e-6 is a string
      return {{"type", {"number", "string"}},
              {"minimum", 0},
              {"maximum", 1},
              {"pattern", "^[0-9]+(\\.[0-9]+)?([eE]-?[0-9]+)?$"}};
    case Type::percentage:
      return matching("[0-9]+(\\.[0-9]+)?%");
    case Type::bit_rate:
      return matching("[0-9]+[kmg]?bit");
    case Type::signal:
      return matching(fmt::format("(SIG)?({})", fmt::join(key.allowed, "|")));
    case Type::address:
      return matching(address());
    case Type::interface_address:
      return matching(address() + "/[0-9]+");
    case Type::network:
      return matching(address() + "(/[0-9]+)?");
    case Type::choice:
      return {{"enum", key.allowed}};
    case Type::link_end:
      return matching(fmt::format("{}:[^\\s/:%]{{1,15}}", label));
    case Type::command: {
      const Json line{{"type", "string"}, {"minLength", 1}, {"maxLength", key.max}};
      const Json words{
          {"type", "array"}, {"minItems", 1}, {"items", {{"type", {"string", "number", "boolean"}}}}};
      return {{"anyOf", {line, words}}};
    }
    case Type::regex:
      return {{"type", "string"}, {"format", "regex"}, {"minLength", 1}, {"maxLength", key.max}};
    case Type::url_path: {
      Json path = matching("/[!-~]*");
      path["maxLength"] = key.max;
      return path;
    }
    default:
      return name(key.type, key.max);
  }
}

Json schema_of(const Grammar& grammar);

using Parts = std::vector<const Grammar*>;

Json has(std::string_view key) { return {{"required", {key}}}; }

Json has_any(const std::vector<std::string_view>& keys) {
  Json each = Json::array();
  for (const auto key : keys) each.push_back(has(key));
  return {{"anyOf", each}};
}

std::vector<std::string_view> in_group(const Parts& parts, std::string_view group) {
  std::vector<std::string_view> names;
  for (const Grammar* part : parts)
    if (part->key->group == group) names.push_back(part->name);
  return names;
}

/// Which keys need, or rule out, which others.
Json conditions(const Key& object, const Parts& parts) {
  Json all = Json::array();
  const auto when = [&](Json given, Json needed) { all.push_back({{"if", given}, {"then", needed}}); };
  for (const Grammar* part : parts) {
    const Key& key = *part->key;
    if (!key.with.empty()) when(has(part->name), has_any(key.with));
    if (!key.with.empty() && key.required) when(has_any(key.with), has(part->name));
    if (!key.beside.empty()) when(has(part->name), has_any(in_group(parts, key.beside)));
  }
  if (!object.some_of.empty()) all.push_back(has_any(in_group(parts, object.some_of)));
  if (!object.one_of.empty()) all.push_back({{"oneOf", has_any(in_group(parts, object.one_of))["anyOf"]}});
  if (const auto names = in_group(parts, object.at_most_one_of); !object.at_most_one_of.empty())
    for (const auto name : names) {
      auto others = names;
      std::erase(others, name);
      when(has(name), {{"not", has_any(others)}});
    }
  return all;
}

Json object(const Grammar& grammar) {
  const Key& key = *grammar.key;
  const auto parts = grammar.parts();
  Json properties = Json::object(), required = Json::array();
  for (const Grammar* part : parts) {
    properties[std::string(part->name)] = schema_of(*part);
    if (part->key->required && part->key->with.empty()) required.push_back(part->name);
  }
  Json schema{{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
  if (!required.empty())
    schema["required"] = required;
  else if (key.one_of.empty() && key.some_of.empty())
    schema["type"] = {"object", "null"};  // `KEY:` alone says that all is as by default
  if (Json more = conditions(key, parts); !more.empty()) schema["allOf"] = std::move(more);
  if (!key.short_list.empty()) return any_of({schema_of(*grammar.find(key.short_list)), schema});
  if (!key.short_value.empty()) return any_of({schema_of(*grammar.find(key.short_value)), schema});
  return schema;
}

/// Where the schema of a key stands in the whole: a JSON pointer (RFC 6901).
std::string pointer(std::string_view path) {
  std::string at = "#";
  const Grammar* grammar = &model::grammar();
  for (auto [step, rest] = first_step(path); !step.empty(); std::tie(step, rest) = first_step(rest)) {
    const Type type = grammar->key->type;
    at += type == Type::map    ? "/additionalProperties"
          : type == Type::list ? "/items"
                               : fmt::format("/properties/{}", step);
    grammar = grammar->find(step);
  }
  return at;
}

/// What repeats itself is referred to, or it had no end.
Json list(const Grammar& grammar) {
  const Key& key = *grammar.key;
  Json element =
      grammar.like ? Json{{"$ref", pointer(grammar.like->key->path) + "/items"}} : schema_of(grammar.each());
  Json schema{{"type", "array"}, {"items", element}};
  if (key.min > 0) schema["minItems"] = key.min;
  if (key.max > 0) schema["maxItems"] = key.max;
  if (key.type == Type::list) return schema;
  return any_of({schema_of(grammar.each()), schema});
}

Json default_of(const Key& key) {
  if (key.type == Type::boolean) return *to_boolean(key.fallback);
  if (key.type == Type::integer) return *to_integer(key.fallback);
  if (key.type == Type::share) return *to_share(key.fallback);
  return key.fallback;
}

Json schema_of(const Grammar& grammar) {
  const Key& key = *grammar.key;
  Json schema{{"description", key.meaning}};
  switch (key.type) {
    case Type::object:
      schema.update(object(grammar));
      break;
    case Type::map:
      schema.update({{"type", {"object", "null"}},
                     {"propertyNames", name(key.names, key.max)},
                     {"additionalProperties", schema_of(grammar.each())}});
      break;
    case Type::list:
    case Type::one_or_list:
      schema.update(list(grammar));
      break;
    default:
      schema.update(scalar(key));
      break;
  }
  if (!key.fallback.empty()) schema["default"] = default_of(key);
  return schema;
}

}  // namespace

std::string json_schema() {
  Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "lblab topology"}};
  schema.update(schema_of(grammar()));
  return schema.dump(2) + "\n";
}

}  // namespace lblab::model
