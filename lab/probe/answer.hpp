#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lblab::probe {

/// What a web server answered: as a body, who it is; in the header X-Seen, whom it saw.
struct Answer {
  int status = 0;
  std::string server, seen;  // of the body, its first line, and at most 64 bytes
  bool operator==(const Answer&) const = default;
};

/// The beginning of what a connection brought.
struct ParsedAnswer {
  enum class State { incomplete, whole, malformed };
  State state = State::incomplete;
  std::size_t bytes = 0;  // of the whole answer; 0: not known yet
  Answer answer;          // of a whole one
};

/// An answer by RFC 9112, of known length: Content-Length (status 204 and 304 need none), no transfer coding.
/// What is longer than a mebibyte is malformed.
ParsedAnswer parse_answer(std::string_view bytes);

}  // namespace lblab::probe
