#include "lab/model/schema.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

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

Json object(const Grammar& grammar) {
  Json properties = Json::object(), required = Json::array();
  for (const auto& child : grammar.children) {
    properties[std::string(child.name)] = schema_of(child);
    if (child.key->required) required.push_back(child.name);
  }
  Json schema{{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
  if (required.empty())
    schema["type"] = {"object", "null"};  // `KEY:` alone says that all is as by default
  else
    schema["required"] = required;
  if (grammar.key->short_form.empty()) return schema;
  return {{"anyOf", {schema_of(*grammar.find(grammar.key->short_form)), schema}}};
}

Json list(const Grammar& grammar) {
  const Key& key = *grammar.key;
  Json schema{{"type", "array"}, {"items", schema_of(grammar.each())}};
  if (key.min > 0) schema["minItems"] = key.min;
  if (key.max > 0) schema["maxItems"] = key.max;
  if (key.type == Type::list) return schema;
  return {{"anyOf", {schema_of(grammar.each()), schema}}};
}

Json default_of(const Key& key) {
  if (key.type == Type::boolean) return *to_boolean(key.fallback);
  if (key.type == Type::integer) return *to_integer(key.fallback);
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
