#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lbcore/dataplane/dataplane.hpp"
#include "lbcore/dataplane/network_changes.hpp"
#include "lbcore/xdp/balancer.hpp"

namespace lbcore::dataplane {

/// The XDP load balancer (lbcore/xdp) of one interface. It serves ranges by their addresses; real servers
/// have those, and answer clients straight. Which of them a connection goes to is the same in every load
/// balancer, so when one is taken away the others go on with its connections. Of their end it sees the
/// client's part alone: xdp::Connections says which of them count as active.
///
/// Its state is on the program's maps in the kernel: it goes on working when this goes, for the next to take
/// over, unless clear() was called.
class Xdp : public Dataplane {
 public:
  /// Where packets come in; empty: the interface of the default route. Tunnelled packets have its first
  /// address of the family as their source. Nothing is touched before table() is asked for.
  Xdp(std::string interface, boost::asio::any_io_executor executor)
      : interface_(std::move(interface)), executor_(std::move(executor)) {}
  ~Xdp() override;

  void follow(std::function<void(Changed)> changed) override;
  Table table() override;
  std::vector<ipvs::ServiceCounters> counters() override;
  void prepare(std::span<const Range>) override;
  void apply(const Table& desired, std::span<const ipvs::Change>) override;
  void clear() override;

 private:
  xdp::Balancer& balancer();

  std::string interface_;
  boost::asio::any_io_executor executor_;
  std::optional<xdp::Balancer> balancer_;
  std::optional<NetworkChanges> changes_;
  bool cleared_ = false;
  std::vector<Range> ranges_;
};

}  // namespace lbcore::dataplane
