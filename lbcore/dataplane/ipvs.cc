#include "lbcore/dataplane/ipvs.hpp"

#include "lbcore/ipvs/namespace.hpp"

namespace lbcore::dataplane {

void Ipvs::tune(const IpvsSettings& wanted) {
  if (wanted.sloppy_tcp) ipvs::set_sysctl("net.ipv4.vs.sloppy_tcp", *wanted.sloppy_tcp ? "1" : "0");
  const Timeouts now = client_.timeouts();
  Timeouts then = now;
  if (wanted.timeouts.tcp_s) then.tcp_s = wanted.timeouts.tcp_s;
  if (wanted.timeouts.tcpfin_s) then.tcpfin_s = wanted.timeouts.tcpfin_s;
  if (wanted.timeouts.udp_s) then.udp_s = wanted.timeouts.udp_s;
  if (then != now) client_.set_timeouts(then);
}

}  // namespace lbcore::dataplane
