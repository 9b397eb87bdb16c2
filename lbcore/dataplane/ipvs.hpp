#pragma once

#include "lbcore/dataplane/dataplane.hpp"
#include "lbcore/ipvs/path.hpp"

namespace lbcore::dataplane {

/// The kernel's IPVS, of which lbd owns the whole table of its namespace.
class Ipvs : public Dataplane {
 public:
  Table table() override { return client_.table(); }
  std::optional<Table> part(std::span<const ServiceKey> keys) override { return client_.table(keys); }
  std::vector<ipvs::ServiceCounters> counters() override { return client_.counters(); }
  void prepare(std::span<const Range> ranges) override { ipvs::prepare(ranges); }
  void tune(const IpvsSettings&) override;
  void apply(const Table&, std::span<const ipvs::Change> changes) override { client_.apply(changes); }
  void clear() override { ipvs::clear(); }

 protected:
  ipvs::Client client_;
};

}  // namespace lbcore::dataplane
