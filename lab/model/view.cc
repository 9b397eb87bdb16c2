#include "lab/model/view.hpp"

#include <stdexcept>

namespace lblab::model {

View::View(const Yaml& root) : View(&root, &grammar(), "", root.mark) {}

View View::operator[](std::string_view key) const {
  const Grammar* child = grammar_->find(key);
  if (!child) throw std::logic_error("no key " + std::string(key) + " in the table");
  const auto kind = yaml_ ? yaml_->kind : Yaml::Kind::null;
  if ((kind == Yaml::Kind::sequence && grammar_->key->short_list == key) ||
      (kind == Yaml::Kind::scalar && grammar_->key->short_value == key))
    return {yaml_, child, std::string(key), yaml_->mark};
  const Yaml::Field* field = yaml_ ? yaml_->find(key) : nullptr;
  return {field ? &field->value : nullptr, child, std::string(key), field ? field->mark : name_mark_};
}

std::optional<View> View::only(std::string_view group) const {
  std::optional<View> found;
  if (!yaml_) return found;
  for (const auto& field : yaml_->fields) {
    const Grammar* child = grammar_->find(field.key);
    if (!child || child->key->group != group) continue;
    if (found) return std::nullopt;
    found = View(&field.value, child, field.key, field.mark);
  }
  return found;
}

View View::at(std::string_view name) const {
  const Yaml::Field* field = yaml_ ? yaml_->find(name) : nullptr;
  return {field ? &field->value : nullptr, &grammar_->each(), std::string(name),
          field ? field->mark : name_mark_};
}

std::vector<View> View::each() const {
  std::vector<View> views;
  if (!yaml_) return views;
  const Type type = grammar_->key->type;
  if (type == Type::map) {
    for (const auto& field : yaml_->fields)
      views.push_back({&field.value, &grammar_->each(), field.key, field.mark});
  } else {
    for (const auto& item : yaml_->items) views.push_back({&item, &grammar_->each(), name_, item.mark});
    if (type == Type::one_or_list && yaml_->kind == Yaml::Kind::scalar)
      views.push_back({yaml_, &grammar_->each(), name_, yaml_->mark});
  }
  return views;
}

std::vector<std::string_view> View::names() const {
  constexpr std::size_t most = 100;
  std::vector<std::string_view> names;
  if (!yaml_ || yaml_->fields.size() > most) return names;
  for (const auto& field : yaml_->fields) names.push_back(field.key);
  return names;
}

bool View::ok() const {
  return yaml_ ? !problem(*grammar_->key, name_, *yaml_) : !grammar_->key->fallback.empty();
}

std::string_view View::text() const { return yaml_ ? yaml_->text : grammar_->key->fallback; }

template <>
bool View::as<bool>() const {
  return to_boolean(text()).value_or(false);
}
template <>
int View::as<int>() const {
  return static_cast<int>(as<std::int64_t>());
}
template <>
std::int64_t View::as<std::int64_t>() const {
  return to_integer(text()).value_or(0);
}
template <>
std::uint64_t View::as<std::uint64_t>() const {
  return to_bit_rate(text()).value_or(0);
}
template <>
double View::as<double>() const {
  const bool percent = grammar_->key->type == Type::percentage;
  return (percent ? to_percentage(text()) : to_share(text())).value_or(0);
}
template <>
Drawn<int> View::as<Drawn<int>>() const {
  const auto range = to_integer_range(text()).value_or(Drawn<std::int64_t>{});
  return {static_cast<int>(range.min), static_cast<int>(range.max)};
}
template <>
Drawn<milliseconds> View::as<Drawn<milliseconds>>() const {
  return to_duration_range(text()).value_or(Drawn<milliseconds>{});
}
template <>
std::string View::as<std::string>() const {
  return std::string(text());
}
template <>
std::chrono::milliseconds View::as<std::chrono::milliseconds>() const {
  return to_duration(text()).value_or(std::chrono::milliseconds{});
}
template <>
sys::Address View::as<sys::Address>() const {
  return sys::Address::parse(text()).value_or(sys::Address{});
}
template <>
sys::Prefix View::as<sys::Prefix>() const {
  return sys::Prefix::parse(text()).value_or(sys::Prefix{});
}
template <>
LinkEnd View::as<LinkEnd>() const {
  return to_link_end(text()).value_or(LinkEnd{});
}
template <>
std::vector<std::string> View::as<std::vector<std::string>>() const {
  if (!yaml_ || yaml_->kind == Yaml::Kind::scalar)
    return to_command(text()).value_or(std::vector<std::string>{});
  std::vector<std::string> words;
  for (const auto& item : yaml_->items) words.push_back(item.text);
  return words;
}

}  // namespace lblab::model
