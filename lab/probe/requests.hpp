#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "lab/probe/socket.hpp"

namespace lblab::probe {

struct RequestsSettings {
  Endpoint to;
  std::vector<int> counts{100};  // requests of a connection, of one after the other
  int times = 1;                 // how often that
  bool counts_busy_time = false;
  nanoseconds timeout{5'000'000'000};  // of a connect, a read or a write
};

/// Connections of so many HTTP requests, one after the other, each until it is answered and closed at both
/// ends. {"to", "runs"}, whose elements have "requests", and "busy-ns" where that is counted: what the
/// kernel's processors did meanwhile (busy.hpp). Throws SystemError, std::runtime_error for what is no
/// answer.
nlohmann::json request_in_turn(const RequestsSettings&);

}  // namespace lblab::probe
