#pragma once

#include <vector>

#include "lab/probe/batch.hpp"
#include "lab/probe/loop.hpp"
#include "lab/probe/record.hpp"
#include "lab/probe/schedule.hpp"

namespace lblab::probe {

struct UdpSettings {
  Endpoint to;
  int flows = 8;
  int rate = 200;  // per second, over all flows
};

/// Sends numbered datagrams over some flows in turn, and notes which come back. Each flow is a connected
/// socket: one source port from first to last, and only answers that come from whom it asked count. A probe
/// that had no CPU for longer than a second sends less, rather than all at once.
class UdpProbe : public Probe {
 public:
  UdpProbe(Loop&, const UdpSettings&);
  nanoseconds act(nanoseconds now, bool sending) override;
  void take(const epoll_event&) override;
  bool is_outstanding() const override { return echoed_ < taken_by_the_kernel_; }

  UdpRecord finish() const;

 private:
  struct Flow {
    sys::Fd socket;
    std::uint16_t port = 0;
    bool connected = false;
    std::vector<bool> echoed;  // by number: how many were sent, too
  };
  struct Echo {
    int flow;
    std::int64_t number;
    nanoseconds at;
    sys::Address server;
    Endpoint seen;
  };

  void send(int flow);
  int try_to_send(Flow&, const DatagramBytes&);

  Endpoint to_;
  std::uint32_t run_;
  Schedule schedule_;
  std::int64_t turn_ = 0;
  std::vector<Flow> flows_;
  Batch batch_;
  std::vector<UdpRecord::Sent> sent_;
  std::vector<Echo> echoes_;
  std::int64_t taken_by_the_kernel_ = 0, echoed_ = 0;
};

}  // namespace lblab::probe
