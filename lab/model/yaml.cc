#include "lab/model/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <boost/nowide/utf/utf.hpp>
#include <sstream>

namespace lblab::model {
namespace {

Mark to_mark(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

Yaml make(Yaml::Kind kind, const YAML::Mark& mark) {
  Yaml made;
  made.kind = kind;
  made.mark = to_mark(mark);
  return made;
}

/// Thrown out of yaml-cpp's events: what cannot be read on from.
struct Unreadable {
  Diagnostic why;
};

/// Where the first byte stands that is no text: not UTF-8, or a control character that YAML 1.2 (5.1) does
/// not allow.
std::optional<Mark> find_non_text(std::string_view text) {
  using Utf8 = boost::nowide::utf::utf_traits<char>;
  int line = 1;
  auto line_start = text.begin();
  for (auto at = text.begin(); at != text.end();) {
    const auto here = at;
    const auto code = Utf8::decode(at, text.end());
    const bool control = code < 0x20 && code != '\t' && code != '\n' && code != '\r';
    if (code == boost::nowide::utf::illegal || code == boost::nowide::utf::incomplete || control ||
        code == 0x7f)
      return Mark{line, static_cast<int>(here - line_start) + 1};
    if (code == '\n') ++line, line_start = at;
  }
  return std::nullopt;
}

/// Builds the tree from yaml-cpp's events, because its own Node takes duplicate keys silently and expands
/// aliases.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Yaml take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0)
      throw Unreadable{{to_mark(mark), "a second YAML document", "keep one topology in a file"}};
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    report(mark, fmt::format("an anchor, &{}", name), "write the value out where it is used");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Unreadable{{to_mark(mark), "an alias", "write the value out"}};
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(make(Yaml::Kind::null, mark)); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& text) override {
    // yaml-cpp's own: "?" for a plain scalar, "!" for a quoted one.
    refuse_tag(mark, tag);
    // An escape can write what find_non_text() did not see.
    if (std::ranges::any_of(
            text, [](unsigned char c) { return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f; }))
      throw Unreadable{{to_mark(mark), "a control character", "leave it out"}};
    Yaml scalar = make(Yaml::Kind::scalar, mark);
    scalar.text = text;
    scalar.quoted = tag != "?";
    add(std::move(scalar));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(make(Yaml::Kind::sequence, mark));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(make(Yaml::Kind::map, mark));
  }
  void OnMapEnd() override { close(); }

 private:
  /// A sequence or map under construction; a map takes its keys and values in turn.
  struct Open {
    Yaml value;
    std::optional<Yaml> key;
  };

  void report(const YAML::Mark& mark, std::string wrong, std::string right) {
    diagnostics_.push_back({to_mark(mark), std::move(wrong), std::move(right)});
  }
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag != "?" && tag != "!" && !tag.empty()) report(mark, fmt::format("a tag, {}", tag), "leave it out");
  }
  void open(Yaml value) {
    if (open_.size() >= max_depth)
      throw Unreadable{{value.mark, fmt::format("nested more than {} levels deep", max_depth),
                        "a topology needs two dozen"}};
    open_.push_back({std::move(value), std::nullopt});
  }
  void close() {
    Yaml done = std::move(open_.back().value);
    open_.pop_back();
    add(std::move(done));
  }
  void add(Yaml value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Open& top = open_.back(); top.value.kind == Yaml::Kind::sequence) {
      top.value.items.push_back(std::move(value));
    } else if (!top.key) {
      top.key = std::move(value);
    } else {
      add_field(top.value, *top.key, std::move(value));
      top.key.reset();
    }
  }
  void add_field(Yaml& map, Yaml& key, Yaml value) {
    if (key.kind != Yaml::Kind::scalar) {
      diagnostics_.push_back({key.mark, "a key that is not a word", "write KEY: VALUE"});
      return;
    }
    // The mark of an absent value is that of whatever follows it, which may be lines away.
    if (value.kind == Yaml::Kind::null) value.mark = key.mark;
    const auto [found, is_new] = map.index.emplace(key.text, map.fields.size());
    if (!is_new) {
      diagnostics_.push_back(
          {key.mark, fmt::format("'{}' is given twice", key.text),
           fmt::format("the first is in line {}; keep one of them", map.fields[found->second].mark.line)});
      return;
    }
    map.fields.push_back({std::move(key.text), key.mark, std::move(value)});
  }

  Diagnostics& diagnostics_;
  Yaml root_;
  std::vector<Open> open_;
  int documents_ = 0;
};

}  // namespace

const Yaml::Field* Yaml::find(std::string_view key) const {
  const auto found = index.find(key);
  return found == index.end() ? nullptr : &fields[found->second];
}

std::optional<Yaml> read_yaml(std::string_view text, Diagnostics& diagnostics) {
  if (text.size() > max_bytes) {
    diagnostics.push_back({{1, 1},
                           fmt::format("the file has {} bytes", text.size()),
                           fmt::format("a topology has at most {}", max_bytes)});
    return std::nullopt;
  }
  if (const auto mark = find_non_text(text)) {
    diagnostics.push_back({*mark, "a byte that is not text", "save the file as UTF-8"});
    return std::nullopt;
  }
  Builder builder(diagnostics);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& e) {
    diagnostics.push_back({to_mark(e.mark), "not YAML: " + e.msg, "see docs/topology.md for examples"});
    return std::nullopt;
  } catch (const Unreadable& unreadable) {
    diagnostics.push_back(unreadable.why);
    return std::nullopt;
  }
  Yaml root = builder.take();
  if (root.kind == Yaml::Kind::null) {
    diagnostics.push_back({{1, 1}, "the file is empty", "see docs/topology.md for the smallest topology"});
    return std::nullopt;
  }
  return root;
}

}  // namespace lblab::model
