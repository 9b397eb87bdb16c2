#include "lbcore/service.hpp"

namespace lbcore {

const char* name(Protocol protocol) {
  switch (protocol) {
    case Protocol::tcp:
      return "tcp";
    case Protocol::udp:
      return "udp";
    case Protocol::sctp:
      return "sctp";
  }
  return "?";
}

const char* name(Forwarding forwarding) {
  switch (forwarding) {
    case Forwarding::nat:
      return "nat";
    case Forwarding::direct:
      return "direct";
    case Forwarding::tunnel:
      return "tunnel";
  }
  return "?";
}

}  // namespace lbcore
