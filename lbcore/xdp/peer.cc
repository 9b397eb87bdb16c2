#include "lbcore/xdp/peer.hpp"

#include "lab/nl/link.hpp"
#include "lab/nl/xdp.hpp"

namespace lbcore::xdp {

namespace nl = lblab::nl;

void ready_peer(const std::string& interface) {
  nl::Socket socket;
  const int index = nl::link_named(socket, interface).index;
  socket.request("attach an XDP program that passes everything to " + interface,
                 nl::attach_xdp(index, nl::load_passing_program()));
  nl::set_checksum_offload(interface, false);
}

}  // namespace lbcore::xdp
