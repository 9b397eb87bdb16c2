#include "lab/nl/xdp.hpp"

#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lab/nl/builder.hpp"
#include "lab/sys/error.hpp"

namespace lblab::nl {

namespace {

Message set_xdp(int link, std::uint32_t program, std::uint32_t flags) {
  ifinfomsg body{};
  body.ifi_index = link;
  return Builder{RTM_SETLINK, 0, body}
      .nest(IFLA_XDP, [&](Builder& xdp) { xdp.u32(IFLA_XDP_FD, program).u32(IFLA_XDP_FLAGS, flags); })
      .message();
}

}  // namespace

sys::Fd load_passing_program() {
  constexpr std::array<bpf_insn, 2> pass{
      {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS}, {.code = BPF_JMP | BPF_EXIT}}};
  bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_XDP;
  load.insns = reinterpret_cast<std::uintptr_t>(pass.data());
  load.insn_cnt = pass.size();
  load.license = reinterpret_cast<std::uintptr_t>("GPL");
  std::memcpy(load.prog_name, "xdp_pass", sizeof "xdp_pass");
  return sys::Fd{sys::check("load an XDP program that passes everything",
                            static_cast<int>(::syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load)))};
}

Message attach_xdp(int link, const sys::Fd& program) {
  return set_xdp(link, static_cast<std::uint32_t>(program.get()), XDP_FLAGS_UPDATE_IF_NOEXIST);
}

Message detach_xdp(int link) { return set_xdp(link, ~std::uint32_t{0}, 0); }

void set_checksum_offload(const std::string& link, bool on) {
  const std::string attempt = std::string("turn checksum offload ") + (on ? "on" : "off") + " on " + link;
  const sys::Fd any{sys::check(attempt, ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))};
  ethtool_value value{.cmd = ETHTOOL_STXCSUM, .data = on};
  ifreq request{};
  link.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&value);
  sys::check(attempt, ::ioctl(any.get(), SIOCETHTOOL, &request));
}

}  // namespace lblab::nl
