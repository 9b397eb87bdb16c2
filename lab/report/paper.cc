#include "lab/report/paper.hpp"

#include <algorithm>
#include <boost/locale/utf.hpp>

#include "lab/report/words.hpp"

namespace lblab::report {

namespace {

constexpr int least_columns = 60;

const char* sgr(Ink ink) {
  switch (ink) {
    case Ink::plain:
      return "";
    case Ink::bold:
      return "\033[1m";
    case Ink::faint:
      return "\033[2m";
    case Ink::good:
      return "\033[32m";
    case Ink::bad:
      return "\033[31m";
    case Ink::unsure:
      return "\033[33m";
    case Ink::fault:
      return "\033[1;36m";
  }
  return "";
}

bool combines(char32_t c) { return (c >= 0x300 && c < 0x370) || (c >= 0x200B && c <= 0x200D); }

/// The first `width` columns of a word.
std::size_t bytes_of(std::string_view word, int width) {
  std::size_t n = 0;
  while (n < word.size() && columns(word.substr(0, n)) < width) {
    ++n;
    while (n < word.size() && (static_cast<unsigned char>(word[n]) & 0xC0) == 0x80) ++n;
  }
  return n;
}

/// Words of one line of text, those too long for a line cut.
std::vector<std::string_view> words_of(std::string_view text, int width) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto space = std::min(text.find(' '), text.size());
    auto word = text.substr(0, space);
    while (columns(word) > width) {
      const auto cut = bytes_of(word, width);
      words.push_back(word.substr(0, cut));
      word.remove_prefix(cut);
    }
    words.push_back(word);
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return words;
}

}  // namespace

int columns(std::string_view text) {
  int n = 0;
  for (auto at = text.begin(); at != text.end();)
    n += combines(boost::locale::utf::utf_traits<char>::decode(at, text.end())) ? 0 : 1;
  return n;
}

std::string padded(std::string_view text, int width) {
  std::string out(text);
  out.append(static_cast<std::size_t>(std::max(0, width - columns(text))), ' ');
  return out;
}

Paper::Paper(std::ostream& out, Style style) : out_(out), style_(style) {
  style_.width = std::max(style_.width, least_columns);
}

std::string Paper::ink(std::string_view text, Ink ink) const {
  if (!style_.colour || ink == Ink::plain || text.empty()) return std::string(text);
  return std::string(sgr(ink)) + std::string(text) + "\033[0m";
}

void Paper::line(std::string_view head, int indent, std::string_view text, Ink with) {
  const int room = std::max(style_.width - indent, least_columns / 2);
  bool is_first = true;
  for (const auto& part : wrapped(text, room)) {
    out_ << (is_first ? std::string(head) : std::string(static_cast<std::size_t>(indent), ' '))
         << ink(part, with) << '\n';
    is_first = false;
  }
}

void Paper::title(std::string_view text) { out_ << "\n  " << ink(text, Ink::bold) << '\n'; }

void Paper::blank() { out_ << '\n'; }

std::vector<std::string> wrapped(std::string_view text, int width) {
  std::vector<std::string> lines(1);
  const auto cleaned = clean(text);
  std::string_view rest = cleaned;
  for (;;) {
    const auto end = std::min(rest.find('\n'), rest.size());
    for (const auto word : words_of(rest.substr(0, end), width)) {
      if (!lines.back().empty() && columns(lines.back()) + 1 + columns(word) > width) lines.emplace_back();
      if (!lines.back().empty()) lines.back() += ' ';
      lines.back() += word;
    }
    rest.remove_prefix(end);
    if (rest.empty()) return lines;
    rest.remove_prefix(1);
    lines.emplace_back();
  }
}

}  // namespace lblab::report
