#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "lab/bgp/session.hpp"

namespace lblab::bgp {

/// A bird's sessions as its log tells of them at once, where its BGP protocols have `debug { states, events
/// }` and bird logs to stderr. Told every line in order. The log names protocols; whom one speaks with is
/// known from the connection that it made or took.
class BirdLog {
 public:
  using Change = SessionChange;  // a reason is as "Hold timer expired", "Connection closed"

  /// A line of bird 2.0.12. Nothing: it tells of no session, or of nobody known.
  std::optional<Change> take(std::string_view line);

 private:
  struct Protocol {
    std::optional<sys::Address> peer;
    bool up = false;
    std::string reason;  // why it will be down next
  };

  std::map<std::string, Protocol, std::less<>> protocols_;
  std::optional<sys::Address> accepted_;  // by whom a new protocol is going to be made for it
};

}  // namespace lblab::bgp
