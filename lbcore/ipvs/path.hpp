#pragma once

#include <span>

#include "lbcore/range.hpp"

/// The way of packets to and from IPVS in a load balancer's own network namespace: what has to be there
/// beside the IPVS table.
namespace lbcore::ipvs {

using lbcore::Range;

/// Makes the caller's current network namespace serve exactly these ranges:
/// - sysctls: forwarding on for the families in use; net.ipv4.vs.conntrack=1 (IPVS connections are tracked,
/// so that
///   masquerade sees them); net.ipv4.vs.conn_reuse_mode=1 and net.ipv4.vs.expire_nodest_conn=1 (a client port
///   that is used again after its real server went is scheduled anew);
/// - the nftables table `inet lbd`: marks what arrives for a range with a mark, masquerades what leaves for
/// one with masquerade;
/// - a `local` route for each range's addresses, so that IPVS, which hooks in on local input, sees its
/// packets.
///
/// Compares with what the kernel has and writes only what differs. Connections of a range that was there
/// before and is there with its masquerade after are not disturbed. Needs IPVS in the kernel, lo up, and
/// CAP_NET_ADMIN. Throws SystemError.
void prepare(std::span<const Range>);

/// Takes away the table and the local routes. The sysctls stay: nobody knows who else wants them.
void clear();

}  // namespace lbcore::ipvs
