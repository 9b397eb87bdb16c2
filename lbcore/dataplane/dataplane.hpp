#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "lbcore/ipvs/client.hpp"
#include "lbcore/range.hpp"
#include "lbcore/settings.hpp"

namespace lbcore::dataplane {

/// The seam between what lbd decides and what carries the packets. A dataplane belongs to one lbd and one
/// network namespace: the one the thread is in when it is made. Every function throws SystemError.
class Dataplane {
 public:
  Dataplane() = default;
  Dataplane(const Dataplane&) = delete;
  virtual ~Dataplane() = default;

  /// What is balanced now, in the words of what an lbd asked for: a new lbd takes over what it finds, and
  /// applying the same table again is no change.
  virtual Table table() = 0;
  /// Those of table() that have these keys. Nothing: it is only read and changed as a whole; otherwise
  /// apply() may be given these services alone.
  virtual std::optional<Table> part(std::span<const ServiceKey>) { return std::nullopt; }
  /// What went through, and the connections that there are. Sorted by key.
  virtual std::vector<ipvs::ServiceCounters> counters() = 0;
  /// The services that there will be, before their table is applied. Writes only what differs.
  virtual void prepare(std::span<const Range>) = 0;
  /// What is asked of IPVS alone, and so nothing of others. Writes only what differs.
  virtual void tune(const IpvsSettings&) {}
  /// Makes table() equal to `desired`; `changes` are the fewest that do so, in an order that leaves no
  /// service without a real server on the way, and there is at least one. A dataplane that checks real
  /// servers itself (Abilities::checks) is told of changes to what was desired before, and has those of them
  /// that it finds healthy.
  virtual void apply(const Table& desired, std::span<const ipvs::Change> changes) = 0;
  /// Takes away what prepare() made, the table being empty.
  virtual void clear() = 0;
  /// What may change and is not lbd's doing: table(), or of the machine's network what prepare() looks at.
  enum class Changed { table, network };
  /// Calls `changed` when it has, on the executor that it was made with and never from within a call of this
  /// class.
  virtual void follow(std::function<void(Changed)> changed) { static_cast<void>(changed); }
};

}  // namespace lbcore::dataplane
