#pragma once

#include "lbcore/dataplane/nat.hpp"

namespace lbcore::dataplane {

/// nftables rewrites destinations (nftables_rules.hpp says how). The table is replaced in one transaction,
/// over libnftables, and only when it differs; nothing else of the namespace's ruleset is touched.
class Nftables : public Nat {
 protected:
  Rules read() override;
  void write(std::span<const Range>, const Rules&) override;
};

}  // namespace lbcore::dataplane
