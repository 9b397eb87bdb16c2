#include "lbcore/xdp/peer.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>

#include <array>

#include "lab/nl/link.hpp"
#include "lab/nl/offload.hpp"
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

}  // namespace

void ready_peer(const std::string& interface) {
  lblab::nl::Socket socket;
  const int index = lblab::nl::link_named(socket, interface).index;
  pass_frames(interface, index);
  lblab::nl::set_offload(interface, lblab::nl::Offload::tx_checksum, false);
}

}  // namespace lbcore::xdp
