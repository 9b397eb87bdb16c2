#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lbcore/dataplane/dataplane.hpp"
#include "lbcore/xdp/balancer.hpp"

namespace lbcore::dataplane {

/// The XDP load balancer (lbcore/xdp) of one interface. It serves ranges by their addresses; real servers
/// have those, and answer clients straight. Which of them a connection goes to is the same in every load
/// balancer, so when one is taken away the others go on with its connections, and nothing waits for their
/// end.
///
/// Its state is on the program's maps in the kernel: it goes on working when this goes, for the next to take
/// over, unless clear() was called.
class Xdp : public Dataplane {
 public:
  /// Where packets come in; empty: the interface of the default route. Tunnelled packets have its first
  /// address of the family as their source. Nothing is touched before table() is asked for.
  explicit Xdp(std::string interface) : interface_(std::move(interface)) {}
  ~Xdp() override;

  Table table() override;
  std::vector<ipvs::ServiceCounters> counters() override;
  void prepare(std::span<const Range>) override;
  void apply(const Table& desired, std::span<const ipvs::Change>) override;
  void clear() override;

 private:
  xdp::Balancer& balancer();

  std::string interface_;
  std::optional<xdp::Balancer> balancer_;
  bool cleared_ = false;
  std::vector<Range> ranges_;
};

}  // namespace lbcore::dataplane
