#include "lbcore/xdp/peer.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>

#include "lab/nl/link.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"

namespace lbcore::xdp {

using lblab::sys::check;
using lblab::sys::Fd;

namespace {

void pass_frames(const std::string& interface, int index) {
  const std::string attempt = "attach an XDP program that passes everything to " + interface;
  constexpr std::array<bpf_insn, 2> pass{
      {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS}, {.code = BPF_JMP | BPF_EXIT}}};
  const Fd program{
      check(attempt, bpf_prog_load(BPF_PROG_TYPE_XDP, "xdp_pass", "GPL", pass.data(), pass.size(), nullptr))};
  check(attempt, bpf_xdp_attach(index, program.get(), XDP_FLAGS_UPDATE_IF_NOEXIST, nullptr));
}

void fill_checksums(const std::string& interface) {
  const std::string attempt = "turn checksum offload off on " + interface;
  const Fd any{check(attempt, ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))};
  ethtool_value off{.cmd = ETHTOOL_STXCSUM, .data = 0};
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&off);
  check(attempt, ::ioctl(any.get(), SIOCETHTOOL, &request));
}

}  // namespace

void ready_peer(const std::string& interface) {
  lblab::nl::Socket socket;
  const int index = lblab::nl::link_named(socket, interface).index;
  pass_frames(interface, index);
  fill_checksums(interface);
}

}  // namespace lbcore::xdp
