#include "lbcore/yaml/read.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <set>

namespace lbcore::yaml {

namespace {

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j)
      diagonal =
          std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])}));
  }
  return row.back();
}

std::string suggest(std::string_view wrong, const std::vector<std::string>& known) {
  const auto far = [&](const std::string& word) { return distance(wrong, word); };
  const auto nearest = std::ranges::min_element(known, {}, far);
  if (nearest != known.end() && far(*nearest) <= 2 && far(*nearest) < nearest->size())
    return fmt::format("did you mean '{}'?", *nearest);
  return fmt::format("known: {}", fmt::join(known, ", "));
}

std::vector<std::string> names(const std::vector<Key>& keys) {
  std::vector<std::string> names;
  for (const auto& key : keys) names.push_back(key.name);
  return names;
}

template <class Number>
std::optional<Number> number_in(std::string_view digits) {
  Number n{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return n;
}

}  // namespace

std::vector<YAML::Node> load(std::string_view text, Mistakes& mistakes) {
  try {
    return YAML::LoadAll(std::string(text));
  } catch (const YAML::Exception& e) {
    mistakes.push_back({e.mark.line + 1, e.mark.column + 1, e.msg, ""});
    return {};
  }
}

Mistake at(const YAML::Node& node, std::string wrong, std::string right) {
  return {node.Mark().line + 1, node.Mark().column + 1, std::move(wrong), std::move(right)};
}

void read_map(const YAML::Node& node, const std::string& what, const std::vector<Key>& keys,
              Mistakes& mistakes, Others others) {
  if (!node.IsMap())
    return mistakes.push_back(at(node, what + " is not a mapping", "write 'key: value' lines"));
  std::set<std::string> seen;
  for (const auto& entry : node) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
    const auto key = std::ranges::find(keys, name, &Key::name);
    if (key == keys.end()) {
      if (others == Others::are_mistakes)
        mistakes.push_back(
            at(entry.first, fmt::format("unknown key '{}' in {}", name, what), suggest(name, names(keys))));
    } else if (!seen.insert(name).second) {
      mistakes.push_back(
          at(entry.first, fmt::format("key '{}' is given twice in {}", name, what), "keep one"));
    } else if (!entry.second.IsNull()) {
      key->read(entry.second);
      continue;
    } else {
      seen.erase(name);
    }
  }
  for (const auto& key : keys)
    if (key.presence == required && !seen.contains(key.name))
      mistakes.push_back(
          at(node, fmt::format("{} has no '{}'", what, key.name), fmt::format("add '{}: …'", key.name)));
}

void read_list(const YAML::Node& node, const std::string& what,
               const std::function<void(const YAML::Node&)>& read, Mistakes& mistakes) {
  if (!node.IsSequence())
    return mistakes.push_back(at(node, what + " is not a list", "write '- …' lines or [ … ]"));
  for (const auto& entry : node) read(entry);
}

std::optional<std::int64_t> whole(std::string_view digits) { return number_in<std::int64_t>(digits); }

std::optional<std::string> text(const YAML::Node& node, const std::string& what, Mistakes& mistakes) {
  if (node.IsScalar() && !node.Scalar().empty()) return node.Scalar();
  mistakes.push_back(at(node, what + " is not a text", ""));
  return std::nullopt;
}

std::optional<bool> boolean(const YAML::Node& node, const std::string& what, Mistakes& mistakes) {
  bool value = false;
  if (node.IsScalar() && YAML::convert<bool>::decode(node, value)) return value;
  mistakes.push_back(at(node, what + " is neither true nor false", ""));
  return std::nullopt;
}

std::optional<std::int64_t> number(const YAML::Node& node, const std::string& what, std::int64_t least,
                                   std::int64_t most, Mistakes& mistakes) {
  const auto n = node.IsScalar() ? number_in<std::int64_t>(node.Scalar()) : std::nullopt;
  if (n && *n >= least && *n <= most) return n;
  mistakes.push_back(at(node,
                        n ? fmt::format("{} {} is out of range", what, *n) : what + " is not a whole number",
                        fmt::format("give a number from {} to {}", least, most)));
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> duration(const YAML::Node& node, const std::string& what,
                                                  Mistakes& mistakes) {
  const std::string_view given = node.IsScalar() ? std::string_view(node.Scalar()) : "";
  const auto unit = std::min(given.find_first_not_of("0123456789"), given.size());
  const auto count = number_in<std::uint32_t>(given.substr(0, unit));
  if (count && *count > 0) {
    const auto suffix = given.substr(unit);
    if (suffix == "ms") return std::chrono::milliseconds(*count);
    if (suffix == "s") return std::chrono::seconds(*count);
    if (suffix == "m") return std::chrono::minutes(*count);
  }
  mistakes.push_back(
      at(node, what + " is not a duration", "write it like 250ms, 1s or 2m, and more than zero"));
  return std::nullopt;
}

std::optional<lblab::sys::Address> address(const YAML::Node& node, const std::string& what,
                                           Mistakes& mistakes) {
  const auto value = node.IsScalar() ? lblab::sys::Address::parse(node.Scalar()) : std::nullopt;
  if (!value)
    mistakes.push_back(at(node, what + " is not an IP address", "write it like 10.0.0.105 or fd00::1"));
  return value;
}

std::optional<lblab::sys::Prefix> network(const YAML::Node& node, const std::string& what,
                                          Mistakes& mistakes) {
  const auto value = node.IsScalar() ? lblab::sys::Prefix::parse(node.Scalar()) : std::nullopt;
  if (!value) {
    mistakes.push_back(
        at(node, what + " is not an address or a network", "write it like 10.1.1.0/24 or 10.1.1.1"));
  } else if (!value->is_network()) {
    mistakes.push_back(at(node, fmt::format("{} {} has host bits", what, value->str()),
                          fmt::format("did you mean {}?", value->network().str())));
    return std::nullopt;
  }
  return value;
}

std::optional<std::size_t> one_of(const YAML::Node& node, const std::string& what,
                                  const std::vector<std::string>& words, Mistakes& mistakes) {
  const std::string word = node.IsScalar() ? node.Scalar() : "";
  const auto found = std::ranges::find(words, word);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  mistakes.push_back(at(node, fmt::format("unknown {} '{}'", what, word), suggest(word, words)));
  return std::nullopt;
}

}  // namespace lbcore::yaml
