#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What the probes recorded. Times are CLOCK_MONOTONIC, the clock of the lab's events; those of packets that
/// came in are the kernel's own (SO_TIMESTAMPNS, brought over from CLOCK_REALTIME).
namespace lblab::probe {

using std::chrono::nanoseconds;

struct UdpRecord {
  struct Sent {
    int flow = 0;
    std::int64_t number = 0;  // from 0, of the flow
    nanoseconds at{};
  };
  struct Echo {
    int flow = 0;
    std::int64_t number = 0;
    nanoseconds at{};
    std::string server;  // the address of the one who answered, as it says
    std::string seen;    // the source address that it saw
  };
  std::vector<std::uint16_t> ports;  // of the flows: source ports
  std::vector<Sent> sent;            // in order
  std::vector<Echo> echoes;          // in order of arrival; duplicates are there
};

struct Request {
  enum class End { answered, refused, reset, closed, timed_out, unreachable, unfinished };
  std::int64_t number = 0;
  nanoseconds due{};        // by the rate: latency counts from here (coordinated omission)
  nanoseconds began{};      // connect()
  nanoseconds connected{};  // 0: never
  nanoseconds ended{};
  End end = End::unfinished;
  int status = 0;  // HTTP
  std::uint16_t port = 0;
  std::string server, seen;  // answered
};

struct Flow {
  struct Exchange {
    nanoseconds at{};
    std::optional<nanoseconds> answered;
    std::string server;  // who answered; empty: nobody
  };
  enum class End { survived, refused, reset, closed, silent };  // silent: the last exchanges got no answer
  std::uint16_t port = 0;
  nanoseconds began{}, ended{};
  End end = End::survived;
  std::string seen;  // the source address that its server saw first
  std::vector<Exchange> exchanges;
};

/// A thread that wakes at fixed times, and how late it was: what the machine's own business does to timing.
struct JitterRecord {
  struct Late {
    nanoseconds due{}, by{};
  };
  nanoseconds began{}, ended{};
  nanoseconds period{};
  std::vector<Late> late;  // of those later than one period
};

/// All of a scenario's.
struct Records {
  std::optional<UdpRecord> udp;
  std::vector<Request> requests;
  std::vector<Flow> flows;
  std::optional<JitterRecord> jitter;
};

}  // namespace lblab::probe
