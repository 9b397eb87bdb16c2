#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What the probes recorded. Times are CLOCK_MONOTONIC, the clock of the lab's events; those of packets that
/// came in are the kernel's own (SO_TIMESTAMPNS, brought over from CLOCK_REALTIME). `server`: an address, as
/// the one who answered gives it. `seen`: the source that it saw, "10.0.0.1:4242" or "[2001:db8::1]:4242".
namespace lblab::probe {

using std::chrono::nanoseconds;

struct UdpRecord {
  struct Sent {
    int flow = 0;
    std::int64_t number = 0;  // from 0, of the flow
    nanoseconds at{};
    int error = 0;  // errno: this host's own kernel did not take it (no route, an ICMP error that stands)
    bool operator==(const Sent&) const = default;
  };
  struct Echo {
    int flow = 0;
    std::int64_t number = 0;
    nanoseconds at{};
    std::string server, seen;
    bool operator==(const Echo&) const = default;
  };
  std::vector<std::uint16_t> ports;  // of the flows: source ports
  std::vector<Sent> sent;            // in order
  std::vector<Echo> echoes;          // in order of arrival; duplicates are there
  bool operator==(const UdpRecord&) const = default;
};

struct Request {
  // closed: in the middle of an answer, or of what is none. unreachable: ICMP, no route, no port left.
  enum class End { answered, refused, reset, closed, timed_out, unreachable, unfinished };
  std::int64_t number = 0;
  nanoseconds due{};        // by the rate: latency counts from here (coordinated omission)
  nanoseconds began{};      // connect()
  nanoseconds connected{};  // 0: never
  nanoseconds ended{};      // answered: its last packet; unfinished: when the probe ended
  End end = End::unfinished;
  int status = 0;            // HTTP; answered
  std::uint16_t port = 0;    // source; 0: none was found
  std::string server, seen;  // answered
  bool operator==(const Request&) const = default;
};

struct Flow {
  struct Exchange {
    nanoseconds at{};
    std::optional<nanoseconds> answered;
    std::string server;  // who answered; empty: nobody
    bool operator==(const Exchange&) const = default;
  };
  // refused: it never opened (or unreachable). silent: the last exchanges got no answer, or it never opened
  // and nobody said why.
  enum class End { survived, refused, reset, closed, silent };
  std::uint16_t port = 0;
  nanoseconds began{}, ended{};
  End end = End::survived;
  std::string seen;  // what its server saw first
  std::vector<Exchange> exchanges;
  bool operator==(const Flow&) const = default;
};

/// A thread that wakes at fixed times, and how late it was: what the machine's own business does to timing.
struct JitterRecord {
  struct Late {
    nanoseconds due{}, by{};
    bool operator==(const Late&) const = default;
  };
  nanoseconds began{}, ended{};
  nanoseconds period{};
  std::vector<Late> late;  // of those later than one period
  // In that time; empty where the kernel does not tell. steal: taken from this machine's CPUs by its host.
  // waited: spent by the thread, ready to run, in wait for a CPU.
  std::optional<nanoseconds> steal, waited;
  bool operator==(const JitterRecord&) const = default;
};

/// All of a scenario's.
struct Records {
  std::optional<UdpRecord> udp;
  std::vector<Request> requests;
  std::vector<Flow> flows;
  std::optional<JitterRecord> jitter;
  bool operator==(const Records&) const = default;
};

}  // namespace lblab::probe
