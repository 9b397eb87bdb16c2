#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "lab/report/text.hpp"

namespace lblab::report {

/// Columns that a terminal gives the text: one a character, none for those that combine with the one before.
int columns(std::string_view text);

/// At least `width` columns, filled up with spaces.
std::string padded(std::string_view text, int width);

enum class Ink { plain, bold, faint, good, bad, unsure, fault };

/// Lines of at most so many columns, broken at spaces where there are any.
std::vector<std::string> wrapped(std::string_view text, int width);

/// Text in lines of at most a width, broken at spaces, and indented where they go on.
class Paper {
 public:
  Paper(std::ostream& out, Style style);

  std::string ink(std::string_view text, Ink) const;

  /// `head` stands as it is and takes `indent` columns; the text follows it, each of its further lines
  /// indented as far.
  void line(std::string_view head, int indent, std::string_view text, Ink = Ink::plain);
  void title(std::string_view text);
  void blank();

 private:
  std::ostream& out_;
  Style style_;
};

}  // namespace lblab::report
