#pragma once

#include <string>

namespace lbcore::xdp {

/// Readies the other end of a load balancer's veth, an interface of the caller's network namespace, for
/// frames that XDP_TX sends: a veth receives them only if it has an XDP program, so it gets one that passes
/// everything; and it fills in the checksums of what it sends, which an XDP program would send on unfilled.
/// Both last as long as the interface, or until somebody changes them. Throws SystemError; EBUSY or EEXIST:
/// it has another's XDP program.
void ready_peer(const std::string& interface);

}  // namespace lbcore::xdp
