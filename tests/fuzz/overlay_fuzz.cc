#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "lbcore/overlay/packet.hpp"
#include "lbcore/overlay/routes.hpp"

/// Any datagram: what overlayd would hand to the kernel begins where the datagram does, lies within it, and
/// is as long as its header says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lbcore::overlay;
  static const Routes routes{Settings{.routes = {{*Prefix::parse("172.16.0.0/16"), Address::v4(1)},
                                                 {*Prefix::parse("172.16.2.0/24"), Address::v4(2)}}}};
  const auto packet = ipv4_packet({data, size});
  if (!packet) return 0;
  const auto bytes = packet->bytes;
  if (bytes.data() != data || bytes.size() > size || bytes.size() < 20) std::abort();
  if (bytes.size() != (std::size_t{data[2]} << 8 | std::size_t{data[3]})) std::abort();
  const auto node = routes.node_of(packet->destination);
  const bool is_pod = packet->destination >> 16 == 0xac10;
  if (node.has_value() != is_pod) std::abort();
  if (is_pod && *node != (packet->destination >> 8 == 0xac1002 ? 2u : 1u)) std::abort();
  return 0;
}
