#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lab/probe/record.hpp"

/// UDP flows, datagram by datagram, after the fact. Times are seconds on CLOCK_MONOTONIC.
namespace lblab::expect {

/// From the first datagram that stayed without an echo to the next that had one (by when they were sent); an
/// echo that came late is an echo.
struct FlowOutage {
  int flow = 0;
  double from = 0, to = 0;
  bool open = false;  // none came any more: `to` is the end of the record
  long lost = 0;      // datagrams
  /// Around it: when the last datagram before with an echo, and the first after, were sent. What it can at
  /// most have been.
  double last_good = 0, first_good = 0;
  double length() const { return to - from; }
};

/// What became of one datagram.
struct Datagram {
  double sent = 0;
  std::optional<double> answered;  // the first echo
  std::string server, seen;
};

struct UdpFlow {
  std::vector<Datagram> datagrams;  // by number
  std::vector<FlowOutage> outages;
};

class UdpFlows {
 public:
  UdpFlows() = default;
  explicit UdpFlows(const std::optional<probe::UdpRecord>& record);

  const std::vector<UdpFlow>& flows() const { return flows_; }
  bool empty() const { return flows_.empty(); }
  /// A flow's source port; 0: not told.
  int port(int flow) const;
  /// Seconds between a flow's datagrams, as most of them kept it.
  double interval() const { return interval_; }
  /// So soon the echoes came, but for one in a hundred. What was sent less before a fault may have met it.
  double round_trip() const { return round_trip_; }

  /// The outages that began with a window: also those whose first datagram was under way as it opened.
  std::vector<FlowOutage> outages(double from, double to) const;
  struct Disorder {
    long late = 0;   // echoes that came after one of a later datagram of the flow
    long twice = 0;  // echoes beyond the first
  };
  Disorder disorder(double from, double to) const;
  /// The longest time between two datagrams of a flow that touches the window: an outage within it would not
  /// have been seen.
  double longest_pause(double from, double to) const;
  bool sent_in(double from, double to) const;

 private:
  void read(const probe::UdpRecord& record);
  void find_outages(int flow, double end);

  std::vector<UdpFlow> flows_;
  std::vector<std::uint16_t> ports_;
  struct Oddity {
    double at;
    bool twice;
  };
  std::vector<Oddity> oddities_;
  double interval_ = 0, round_trip_ = 0;
};

}  // namespace lblab::expect
