#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "lab/model/parse.hpp"

/// Topologies with mistakes, and what must be said of them: for the tables of mistakes.
namespace lblab::model {

inline std::ostream& operator<<(std::ostream& out, const Mark& mark) {
  return out << mark.line << ":" << mark.column;
}

/// What a message must say, in part.
struct Message {
  std::string wrong, right;
};

/// A text with a `^` before each place that is to be reported, in order, and what is to be said there.
/// Nothing else may be said.
struct Mistaken {
  std::string story, text;
  std::vector<Message> messages;
  friend std::ostream& operator<<(std::ostream& out, const Mistaken& mistaken) {
    return out << mistaken.story;
  }
};

inline std::string story_of(const testing::TestParamInfo<Mistaken>& row) { return row.param.story; }

inline std::vector<Mark> take_marks(std::string& text) {
  std::vector<Mark> marks;
  std::string plain;
  Mark at{1, 1};
  for (const char c : text) {
    if (c == '^') {
      marks.push_back(at);
      continue;
    }
    plain += c;
    at = c == '\n' ? Mark{at.line + 1, 1} : Mark{at.line, at.column + 1};
  }
  text = plain;
  return marks;
}

inline void expect_reported(Mistaken mistaken) {
  auto& [story, text, messages] = mistaken;
  const auto marks = take_marks(text);
  ASSERT_EQ(marks.size(), messages.size()) << "the row itself is wrong";
  const Parsed parsed = parse(text);
  EXPECT_FALSE(parsed.cluster);
  std::string all;
  for (const auto& diagnostic : parsed.diagnostics) all += format(diagnostic, "t.yaml") + "\n";
  SCOPED_TRACE(text + "\nreported:\n" + all);
  ASSERT_EQ(parsed.diagnostics.size(), messages.size());
  for (std::size_t n = 0; n < messages.size(); ++n) {
    const auto& [mark, wrong, right] = parsed.diagnostics[n];
    EXPECT_EQ(mark, marks[n]);
    EXPECT_NE(wrong.find(messages[n].wrong), wrong.npos)
        << "expected in " << wrong << ": " << messages[n].wrong;
    EXPECT_NE(right.find(messages[n].right), right.npos)
        << "expected in " << right << ": " << messages[n].right;
    EXPECT_FALSE(right.empty());
  }
}

}  // namespace lblab::model
