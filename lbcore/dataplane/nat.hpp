#pragma once

#include <map>
#include <vector>

#include "lbcore/dataplane/dataplane.hpp"

namespace lbcore::dataplane {

/// One real server of one service.
struct Place {
  ServiceKey service;
  Address address;
  std::uint16_t port = 0;
  auto operator<=>(const Place&) const = default;
};

/// What a rule counted: the first packet of each connection passes it.
struct Count {
  std::uint64_t packets = 0, bytes = 0;
  bool operator==(const Count&) const = default;
};

/// Rules as the kernel has them.
struct Rules {
  Table table;
  std::map<Place, Count> counts;
};

/// The kernel rewrites the destination of a connection's first packet by rules, and the table of connections
/// keeps the rest of it on its way. A real server of weight 0 gets no new connections and keeps those that it
/// has; the connections of one that has left the table are forgotten, as IPVS does with expire_nodest_conn=1:
/// the client is told by a reset, and its port can be used again. Draining knows of active connections from
/// the same table.
class Nat : public Dataplane {
 public:
  Table table() override { return read().table; }
  std::vector<ipvs::ServiceCounters> counters() override;
  void prepare(std::span<const Range>) override;
  void apply(const Table& desired, std::span<const ipvs::Change>) override;
  void clear() override;

 protected:
  virtual Rules read() = 0;
  /// All at once: packets meet the old rules or the new. A range whose service is not in the table has no
  /// rules. Writes only what differs. None of either: nothing is left.
  virtual void write(std::span<const Range>, const Rules&) = 0;

 private:
  std::vector<Range> ranges_;
};

}  // namespace lbcore::dataplane
