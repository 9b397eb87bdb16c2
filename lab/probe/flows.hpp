#pragma once

#include <optional>
#include <vector>

#include "lab/probe/record.hpp"
#include "lab/probe/schedule.hpp"
#include "lab/probe/stream.hpp"

namespace lblab::probe {

struct FlowsSettings {
  Endpoint to;
  int count = 20;
  nanoseconds interval = std::chrono::milliseconds{100};  // between a flow's exchanges
};

/// HTTP connections that are kept: in each, a request every interval, whether or not those before were
/// answered. They take turns, evenly spread over the interval; the first turn opens them. One that has ended
/// stays so.
class FlowsProbe : public Probe {
 public:
  /// Of one flow. Beyond, nothing more goes out until something is answered.
  static constexpr std::size_t most_outstanding = 256;

  FlowsProbe(Loop&, const FlowsSettings&);
  nanoseconds act(nanoseconds now, bool sending) override;
  void take(const epoll_event&) override;
  bool is_outstanding() const override;

  std::vector<Flow> finish();

 private:
  struct Live {
    std::optional<Stream> stream;  // while it lives
    std::size_t answered = 0;      // exchanges
  };

  void turn(std::size_t flow);
  void open(std::size_t flow);
  void go_on(std::size_t flow);
  void note(std::size_t flow, const Answer&);
  void end_if_failed(std::size_t flow);
  void end(std::size_t flow, Flow::End);
  bool is_waiting(std::size_t flow) const { return lives_[flow].answered < flows_[flow].exchanges.size(); }

  FlowsSettings settings_;
  Loop& loop_;
  std::string text_;
  Schedule schedule_;
  std::int64_t turn_ = 0;
  std::vector<Flow> flows_;
  std::vector<Live> lives_;  // of flows_
};

/// How a flow ends that failed with this errno, after it was open or before.
Flow::End flow_end_by(int error, bool was_open);

}  // namespace lblab::probe
