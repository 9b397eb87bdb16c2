#pragma once

#include <span>
#include <vector>

#include "lbcore/ipvs/client.hpp"
#include "lbcore/ipvs/path.hpp"
#include "lbcore/ipvs/reconcile.hpp"

namespace lbcore::daemon {

/// The seam to the kernel: what lbd's behaviour needs of it. lbd owns the whole IPVS table of its network
/// namespace. Every function throws SystemError.
class Dataplane {
 public:
  virtual ~Dataplane() = default;
  virtual Table table() = 0;
  virtual std::vector<ipvs::ServiceCounters> counters() = 0;
  virtual void apply(std::span<const ipvs::Change>) = 0;
  virtual void prepare(std::span<const ipvs::Range>) = 0;
  virtual void clear() = 0;
};

/// The IPVS of the namespace it was made in.
class IpvsDataplane : public Dataplane {
 public:
  Table table() override { return client_.table(); }
  std::vector<ipvs::ServiceCounters> counters() override { return client_.counters(); }
  void apply(std::span<const ipvs::Change> changes) override { client_.apply(changes); }
  void prepare(std::span<const ipvs::Range> ranges) override { ipvs::prepare(ranges); }
  void clear() override { ipvs::clear(); }

 private:
  ipvs::Client client_;
};

}  // namespace lbcore::daemon
