#pragma once

#include "lbcore/dataplane/nat.hpp"

namespace lbcore::dataplane {

/// iptables rewrites destinations, in the way of kube-proxy and through the programs that it uses:
/// iptables-save tells what there is, iptables-restore --noflush replaces what differs of our own chains, all
/// at once. Chains and rules of others stay.
class Iptables : public Nat {
 protected:
  Rules read() override;
  void write(std::span<const Range>, const Rules&) override;
};

}  // namespace lbcore::dataplane
