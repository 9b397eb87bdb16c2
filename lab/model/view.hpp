#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/model/keys.hpp"
#include "lab/model/value.hpp"
#include "lab/model/yaml.hpp"

namespace lblab::model {

/// A place in the file, seen with what the table of keys says of it. It reads values and their defaults, and
/// knows where they stand. Points into the Yaml, which must live longer. Never fails: what is absent has its
/// default, what is malformed reads as T{} and is not ok().
class View {
 public:
  explicit View(const Yaml& root);

  /// A child by its key, of which the table knows.
  View operator[](std::string_view key) const;
  /// The one child of this group that is given; nothing if none is or several are.
  std::optional<View> only(std::string_view group) const;
  /// The values of a map, in the file's order, by name(); or the elements of a list.
  std::vector<View> each() const;
  /// The value that a map has under a name of the user's; not given() if there is none.
  View at(std::string_view name) const;

  /// The names of a map, to suggest one of them; none if they are too many to choose from. They point into
  /// the Yaml.
  std::vector<std::string_view> names() const;

  bool given() const { return yaml_ != nullptr; }
  /// Given, or with a default; and by itself well-formed (elements aside).
  bool ok() const;
  const std::string& name() const { return name_; }
  Mark mark() const { return yaml_ ? yaml_->mark : name_mark_; }
  Mark name_mark() const { return name_mark_; }

  /// T: bool, int, std::int64_t, std::uint64_t (bit/s), double (a share; a percentage, in percent),
  /// std::string, milliseconds, Drawn<int>, Drawn<milliseconds>, Address, Prefix, LinkEnd,
  /// std::vector<std::string> (a command's words).
  template <class T>
  T as() const;

 private:
  View(const Yaml* yaml, const Grammar* grammar, std::string name, Mark name_mark)
      : yaml_(yaml), grammar_(grammar), name_(std::move(name)), name_mark_(name_mark) {}
  std::string_view text() const;

  const Yaml* yaml_;
  const Grammar* grammar_;
  std::string name_;
  Mark name_mark_;
};

template <>
bool View::as<bool>() const;
template <>
int View::as<int>() const;
template <>
std::int64_t View::as<std::int64_t>() const;
template <>
std::uint64_t View::as<std::uint64_t>() const;
template <>
double View::as<double>() const;
template <>
std::string View::as<std::string>() const;
template <>
std::chrono::milliseconds View::as<std::chrono::milliseconds>() const;
template <>
Drawn<int> View::as<Drawn<int>>() const;
template <>
Drawn<std::chrono::milliseconds> View::as<Drawn<std::chrono::milliseconds>>() const;
template <>
sys::Address View::as<sys::Address>() const;
template <>
sys::Prefix View::as<sys::Prefix>() const;
template <>
LinkEnd View::as<LinkEnd>() const;
template <>
std::vector<std::string> View::as<std::vector<std::string>>() const;

}  // namespace lblab::model
