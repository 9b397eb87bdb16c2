#include "lab/model/value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstring>
#include <regex>

#include "lab/model/nearest.hpp"
#include "lab/sys/address.hpp"

namespace lblab::model {
namespace {

using sys::Address;
using sys::Prefix;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool consists_of(std::string_view text, std::string_view marks) {
  return std::ranges::all_of(
      text, [&](char c) { return is_letter(c) || is_digit(c) || marks.find(c) != marks.npos; });
}

bool is_label(std::string_view text) {
  return !text.empty() && is_letter(text.front()) && text.back() != '-' && consists_of(text, "-");
}

bool is_sysctl(std::string_view text) {
  return text.starts_with("net.") && text.find("..") == std::string_view::npos && text.back() != '.' &&
         consists_of(text, "._-");
}

/// What a plain scalar is for YAML 1.2's core schema, so that this parser and a JSON Schema validator see the
/// same thing.
enum class Plain { string, boolean, number };
Plain resolve(const Yaml& value) {
  if (value.quoted) return Plain::string;
  const std::string_view text = value.text;
  for (const char* word : {"true", "True", "TRUE", "false", "False", "FALSE"})
    if (text == word) return Plain::boolean;
  const auto digits = text.substr(text.starts_with('-') || text.starts_with('+') ? 1 : 0);
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool all =
      !digits.empty() && end == digits.data() + digits.size() && error != std::errc::invalid_argument;
  return all && is_digit(digits.front() == '.' ? digits.back() : digits.front()) ? Plain::number
                                                                                 : Plain::string;
}

std::string show_duration(std::int64_t ms) {
  for (const auto& [size, unit] : {std::pair{3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}})
    if (ms != 0 && ms % size == 0) return fmt::format("{}{}", ms / size, unit);
  return fmt::format("{}ms", ms);
}

bool is_regex(const std::string& text) try {
  const std::regex well_formed{text, std::regex::ECMAScript};
  return true;
} catch (const std::regex_error&) {
  return false;
}

bool in_range(const Key& key, std::int64_t n) { return n >= key.min && n <= key.max; }
bool in_range(const Key& key, const std::optional<std::chrono::milliseconds>& time) {
  return time && in_range(key, time->count());
}

constexpr std::string_view between = "..";  // of a range's ends

template <class T>
std::optional<Drawn<T>> to_range(std::string_view text, std::optional<T> (*to_one)(std::string_view)) {
  const auto dots = text.find(between);
  const auto first = to_one(text.substr(0, dots));
  const auto last = dots == text.npos ? first : to_one(text.substr(dots + between.size()));
  if (!first || !last || *last < *first) return std::nullopt;
  return Drawn<T>{*first, *last};
}

/// Digits, perhaps a fraction, perhaps an exponent.
std::optional<double> to_decimal(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || !is_digit(text.front()) || error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

std::string show_bit_rate(std::int64_t bits) {
  for (const auto& [size, unit] : {std::pair{1'000'000'000, "gbit"}, {1'000'000, "mbit"}, {1'000, "kbit"}})
    if (bits != 0 && bits % size == 0) return fmt::format("{}{}", bits / size, unit);
  return fmt::format("{}bit", bits);
}

/// "ABRT" and "SIGABRT" as "ABRT".
std::string_view without_sig(std::string_view signal) {
  return signal.starts_with("SIG") ? signal.substr(3) : signal;
}

bool fits(const Key& key, const Yaml& value) {
  const std::string& text = value.text;
  const Plain plain = resolve(value);
  switch (key.type) {
    case Type::boolean:
      return plain == Plain::boolean && to_boolean(text);
    case Type::integer: {
      const auto n = to_integer(text);
      return plain == Plain::number && n && in_range(key, *n);
    }
    case Type::integer_range: {
      const auto range = to_integer_range(text);
      return plain != Plain::boolean && range && in_range(key, range->min) && in_range(key, range->max);
    }
    case Type::share:
      return plain == Plain::number && to_share(text);
    case Type::yes:
      return plain == Plain::boolean && to_boolean(text).value_or(false);
    case Type::duration_or_true:
      return plain == Plain::boolean ? to_boolean(text).value_or(false) : in_range(key, to_duration(text));
    case Type::text:
      return text.size() <= static_cast<std::size_t>(key.max) && text.find('\n') == text.npos;
    default:
      break;
  }
  if (plain != Plain::string) return false;
  switch (key.type) {
    case Type::label:
    case Type::word:
      return is_name(key.type, text, static_cast<std::size_t>(key.max));
    case Type::duration:
      return in_range(key, to_duration(text));
    case Type::whole_seconds:
      return in_range(key, to_duration(text)) && to_duration(text)->count() % 1'000 == 0;
    case Type::duration_range: {
      const auto range = to_duration_range(text);
      return range && in_range(key, range->min) && in_range(key, range->max);
    }
    case Type::percentage:
      return to_percentage(text).has_value();
    case Type::bit_rate: {
      const auto rate = to_bit_rate(text);
      return rate && in_range(key, static_cast<std::int64_t>(*rate));
    }
    case Type::signal:
      return std::ranges::find(key.allowed, without_sig(text)) != key.allowed.end();
    case Type::address:
      return Address::parse(text).has_value();
    case Type::interface_address:
      return text.find('/') != text.npos && Prefix::parse(text);
    case Type::network: {
      const auto prefix = Prefix::parse(text);
      return prefix && prefix->is_network();
    }
    case Type::choice:
      return std::ranges::find(key.allowed, text) != key.allowed.end();
    case Type::link_end:
      return to_link_end(text).has_value();
    case Type::command:
      return text.size() <= static_cast<std::size_t>(key.max) && to_command(text);
    case Type::regex:
      return !text.empty() && text.size() <= static_cast<std::size_t>(key.max) && is_regex(text);
    case Type::url_path:
      return text.starts_with('/') && text.size() <= static_cast<std::size_t>(key.max) &&
             std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7f; });
    default:
      return false;
  }
}

/// A hint that says more than what is expected, where there is one.
std::string hint(const Key& key, const Yaml& value) {
  if (key.type == Type::network)
    if (const auto prefix = Prefix::parse(value.text))
      return fmt::format("it has host bits: did you mean {}?", prefix->network().str());
  if (key.type == Type::choice)
    if (const auto word = nearest(value.text, key.allowed)) return fmt::format("did you mean {}?", *word);
  if (key.type == Type::signal)
    if (const auto word = nearest(without_sig(value.text), key.allowed))
      return fmt::format("did you mean {}?", *word);
  if (key.type == Type::integer_range || key.type == Type::duration_range)
    if (const auto dots = value.text.find(between); dots != std::string::npos) {
      Yaml turned = value;
      turned.text = value.text.substr(dots + between.size()) + ".." + value.text.substr(0, dots);
      if (fits(key, turned)) return fmt::format("write the smaller first: {}", turned.text);
    }
  if (key.type == Type::link_end)
    if (const auto colon = value.text.find(':');
        colon != std::string::npos && value.text.size() - colon - 1 > 15)
      return "an interface's name has at most 15 characters";
  Yaml requoted = value;
  requoted.quoted = !value.quoted;
  if (fits(key, requoted)) return value.quoted ? "write it without quotes" : "write it in quotes";
  return "write " + expected(key);
}

std::optional<Diagnostic> problem_of_list(const Key& key, const std::string& name, const Yaml& list) {
  const auto size = static_cast<std::int64_t>(list.items.size());
  if (size >= key.min && (key.max == 0 || size <= key.max)) return std::nullopt;
  return Diagnostic{list.mark, fmt::format("{} has {} element{}", name, size, size == 1 ? "" : "s"),
                    "write " + expected(key)};
}

std::optional<Diagnostic> problem_of_words(const Key& key, const std::string& name, const Yaml& list) {
  std::size_t size = 0;
  for (const Yaml& word : list.items) {
    if (word.kind != Yaml::Kind::scalar)
      return Diagnostic{word.mark, fmt::format("{} holds something that is not a word", name),
                        "write a list of words"};
    size += word.text.size() + 1;
  }
  if (list.items.empty() || list.items.front().text.empty())
    return Diagnostic{list.mark, fmt::format("{} names no program", name), "write " + expected(key)};
  if (size > static_cast<std::size_t>(key.max))
    return Diagnostic{list.mark, fmt::format("{} has {} characters", name, size), "write " + expected(key)};
  return std::nullopt;
}

}  // namespace

std::optional<bool> to_boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

std::optional<std::chrono::milliseconds> to_duration(std::string_view text) {
  const auto unit_at = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto n = to_integer(text.substr(0, unit_at));
  if (!n || *n > 1'000'000'000) return std::nullopt;
  const auto unit = text.substr(unit_at);
  if (unit == "ms") return std::chrono::milliseconds{*n};
  if (unit == "s") return std::chrono::seconds{*n};
  if (unit == "m") return std::chrono::minutes{*n};
  if (unit == "h") return std::chrono::hours{*n};
  return std::nullopt;
}

std::optional<Drawn<std::int64_t>> to_integer_range(std::string_view text) {
  return to_range(text, to_integer);
}

std::optional<Drawn<std::chrono::milliseconds>> to_duration_range(std::string_view text) {
  return to_range(text, to_duration);
}

std::optional<double> to_share(std::string_view text) {
  const auto share = to_decimal(text);
  return share && *share <= 1 ? share : std::nullopt;
}

std::optional<double> to_percentage(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  const auto percent = to_decimal(text.substr(0, text.size() - 1));
  return percent && *percent <= 100 ? percent : std::nullopt;
}

std::optional<std::uint64_t> to_bit_rate(std::string_view text) {
  const auto unit_at = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto n = to_integer(text.substr(0, unit_at));
  if (!n || *n > 1'000'000'000) return std::nullopt;
  std::uint64_t size = 1;
  for (const auto unit : {"bit", "kbit", "mbit", "gbit"}) {
    if (text.substr(unit_at) == unit) return static_cast<std::uint64_t>(*n) * size;
    size *= 1'000;
  }
  return std::nullopt;
}

std::optional<int> to_signal(std::string_view text) {
  for (int signal = 1; signal < SIGRTMIN; ++signal)
    if (const char* name = sigabbrev_np(signal); name && without_sig(text) == name) return signal;
  return std::nullopt;
}

std::optional<LinkEnd> to_link_end(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto node = text.substr(0, colon), interface = text.substr(colon + 1);
  if (!is_name(Type::label, node, 63) || !is_interface_name(interface)) return std::nullopt;
  return LinkEnd{std::string(node), std::string(interface)};
}

std::optional<std::vector<std::string>> to_command(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  const auto add = [&](char c) {
    if (!in_word) words.emplace_back(), in_word = true;
    words.back() += c;
  };
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && quote != '\'') {
      if (++i == line.size()) return std::nullopt;
      // Between double quotes a backslash is one, unless it stands before what it could protect.
      if (quote && line[i] != '"' && line[i] != '\\' && line[i] != '$' && line[i] != '`') add('\\');
      add(line[i]);
    } else if (quote) {
      if (c == quote)
        quote = 0;
      else
        add(c);
    } else if (c == '\'' || c == '"') {
      quote = c;
      if (!in_word) words.emplace_back(), in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      in_word = false;
    } else {
      add(c);
    }
  }
  if (quote || words.empty() || words.front().empty()) return std::nullopt;
  return words;
}

bool is_interface_name(std::string_view text) {
  if (text.empty() || text.size() > 15 || text == "." || text == "..") return false;
  if (text == "lo" || text == "all" || text == "default") return false;
  return std::ranges::all_of(
      text, [](unsigned char c) { return c > ' ' && c < 0x7f && c != '/' && c != ':' && c != '%'; });
}

bool is_name(Type type, std::string_view text, std::size_t max) {
  if (text.empty() || text.size() > max) return false;
  switch (type) {
    case Type::label:
      return is_label(text);
    case Type::word:
      return text != "." && text != ".." && consists_of(text, "._-");
    case Type::variable:
      return !is_digit(text.front()) && consists_of(text, "_");
    case Type::sysctl:
      return is_sysctl(text);
    default:
      return false;
  }
}

std::string expected_name(Type type, std::int64_t max) {
  switch (type) {
    case Type::label:
      return fmt::format("a name: letters, digits and '-', beginning with a letter, at most {} characters",
                         max);
    case Type::word:
      return fmt::format("a name: letters, digits, '.', '_' and '-', at most {} characters", max);
    case Type::variable:
      return "a variable's name: letters, digits and '_', as LOG_LEVEL";
    case Type::sysctl:
      return "a setting of network namespaces, as net.ipv4.ip_forward";
    default:
      return "a name";
  }
}

std::string expected(const Key& key) {
  switch (key.type) {
    case Type::object:
      return key.short_list.empty() && key.short_value.empty() ? "KEY: VALUE pairs"
             : key.short_value.empty()                         ? "a list, or KEY: VALUE pairs"
                                                               : "a value, or KEY: VALUE pairs";
    case Type::map:
      return "NAME: VALUE pairs";
    case Type::list:
      if (key.min > 0 && key.min == key.max) return fmt::format("a list of {}", key.max);
      return fmt::format("a list{}{}", key.min ? fmt::format(" of at least {}", key.min) : "",
                         key.max ? fmt::format(" of at most {}", key.max) : "");
    case Type::one_or_list:
      return "one value, or a list of them";
    case Type::label:
    case Type::word:
      return expected_name(key.type, key.max);
    case Type::text:
      return fmt::format("one line of at most {} characters", key.max);
    case Type::boolean:
      return "true or false";
    case Type::integer:
      return fmt::format("a whole number from {} to {}", key.min, key.max);
    case Type::duration:
      return fmt::format("a duration from {} to {}, as 250ms, 9s or 2m", show_duration(key.min),
                         show_duration(key.max));
    case Type::whole_seconds:
      return fmt::format("a duration in whole seconds from {} to {}, as 9s", show_duration(key.min),
                         show_duration(key.max));
    case Type::integer_range:
      return fmt::format("a whole number from {} to {}, or a range, as 1..3", key.min, key.max);
    case Type::duration_range:
      return fmt::format("a duration from {} to {}, or a range, as 1s..3s", show_duration(key.min),
                         show_duration(key.max));
    case Type::duration_or_true:
      return fmt::format("true, or a duration from {} to {}, as 250ms", show_duration(key.min),
                         show_duration(key.max));
    case Type::yes:
      return "true";
    case Type::share:
      return "a number from 0 to 1, as 0.99";
    case Type::percentage:
      return "a percentage from 0% to 100%, as 1% or 0.5%";
    case Type::bit_rate:
      return fmt::format("bits a second from {} to {}, as 10mbit", show_bit_rate(key.min),
                         show_bit_rate(key.max));
    case Type::address:
      return "an address, as 10.0.0.1";
    case Type::interface_address:
      return "an address with its prefix length, as 10.0.0.1/30";
    case Type::network:
      return "a network, as 10.0.0.0/16";
    case Type::choice:
    case Type::signal:
      return fmt::format("{}{}", key.allowed.size() > 1 ? "one of " : "", fmt::join(key.allowed, ", "));
    case Type::link_end:
      return "NODE:INTERFACE, as a:eth0";
    case Type::command:
      return fmt::format("a command of at most {} characters, its quotes closed", key.max);
    case Type::regex:
      return fmt::format("an ECMAScript regular expression of at most {} characters", key.max);
    case Type::url_path:
      return "a path, as /healthz";
    default:
      return "a value";
  }
}

std::optional<Diagnostic> problem(const Key& key, const std::string& name, const Yaml& value) {
  using Kind = Yaml::Kind;
  const auto wrong_kind = [&](const char* what) {
    return Diagnostic{value.mark, fmt::format("{} {}", name, what), "write " + expected(key)};
  };
  const bool maplike = key.type == Type::object || key.type == Type::map;
  const bool listlike = key.type == Type::list || key.type == Type::one_or_list || !key.short_list.empty();
  switch (value.kind) {
    case Kind::null:
      return maplike ? std::nullopt : std::optional(wrong_kind("has no value"));
    case Kind::map:
      return maplike ? std::nullopt : std::optional(wrong_kind("has KEY: VALUE pairs"));
    case Kind::sequence:
      if (key.type == Type::command) return problem_of_words(key, name, value);
      if (!listlike) return wrong_kind("is a list");
      return maplike ? std::nullopt : problem_of_list(key, name, value);
    case Kind::scalar:
      break;
  }
  if (key.type == Type::one_or_list) return std::nullopt;  // judged as its only element
  if (!key.short_value.empty()) return std::nullopt;       // judged as that part
  if (!maplike && !listlike && fits(key, value)) return std::nullopt;
  return Diagnostic{value.mark, fmt::format("{} is {}", name, shown(value.text)), hint(key, value)};
}

std::string shown(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::size_t end = std::min(longest, text.size());
  while (end < text.size() && (text[end] & 0xc0) == 0x80) --end;  // not within a UTF-8 character
  std::string line(text.substr(0, end));
  std::ranges::replace(line, '\n', ' ');
  return fmt::format("'{}{}'", line, text.size() > longest ? "…" : "");
}

}  // namespace lblab::model
