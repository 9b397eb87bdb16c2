#include "lab/guest/features.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/nexthop.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <functional>

#include "lab/guest/netlink.hpp"
#include "lab/guest/tool.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/process.hpp"

namespace lblab::guest {

namespace {

constexpr std::string_view program_prefix = "program:";
constexpr std::uint16_t create = NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK;

/// EOPNOTSUPP is the kernel's word for a kind that it does not know, and for nothing else here: a known kind
/// may still want more than a name.
bool has_link_kind(const std::string& kind) {
  Question question(NETLINK_ROUTE, RTM_NEWLINK, create);
  question.header(ifinfomsg{}).nest(IFLA_LINKINFO, [&](Question& info) {
    info.text(IFLA_INFO_KIND, kind);
    if (kind == "vxlan")
      info.nest(IFLA_INFO_DATA, [](Question& data) { data.put(IFLA_VXLAN_ID, std::uint32_t{1}); });
  });
  return question.errno_of_answer() != EOPNOTSUPP;
}

bool has_tun() {
  const sys::Fd device{::open("/dev/net/tun", O_RDWR | O_CLOEXEC)};
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  return device && ::ioctl(device.get(), TUNSETIFF, &request) == 0;
}

bool has_netem() {
  tcmsg lo{};
  lo.tcm_ifindex = 1;
  lo.tcm_parent = TC_H_ROOT;
  tc_netem_qopt options{};
  options.limit = 1000;
  return Question(NETLINK_ROUTE, RTM_NEWQDISC, create)
             .header(lo)
             .text(TCA_KIND, "netem")
             .put(TCA_OPTIONS, options)
             .errno_of_answer() == 0;
}

bool has_nftables() {
  const auto transaction = [](std::uint8_t family, std::uint16_t subsystem) {
    nfgenmsg header{};
    header.nfgen_family = family;
    header.version = NFNETLINK_V0;
    header.res_id = htons(subsystem);
    return header;
  };
  return Question(NETLINK_NETFILTER, NFNL_MSG_BATCH_BEGIN)
             .header(transaction(AF_UNSPEC, NFNL_SUBSYS_NFTABLES))
             .next(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, create)
             .header(transaction(NFPROTO_INET, 0))
             .text(NFTA_TABLE_NAME, "probe")
             .next(NFNL_MSG_BATCH_END, 0)
             .header(transaction(AF_UNSPEC, NFNL_SUBSYS_NFTABLES))
             .errno_of_answer() == 0;
}

bool has_ipvs() {
  genlmsghdr header{};
  header.cmd = CTRL_CMD_GETFAMILY;
  header.version = 1;
  return Question(NETLINK_GENERIC, GENL_ID_CTRL, NLM_F_ACK)
             .header(header)
             .text(CTRL_ATTR_FAMILY_NAME, "IPVS")
             .errno_of_answer() == 0;
}

Question new_nexthop(std::uint32_t id) {
  nhmsg header{};
  header.nh_family = AF_INET;
  Question question(NETLINK_ROUTE, RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK);
  question.header(header).put(NHA_ID, id);
  return question;
}

bool has_nexthop() { return new_nexthop(1).flag(NHA_BLACKHOLE).errno_of_answer() == 0; }

bool has_resilient_nexthop() {
  if (!has_nexthop()) return false;
  nhmsg header{};
  nexthop_grp member{};
  member.id = 1;
  return Question(NETLINK_ROUTE, RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK)
             .header(header)
             .put(NHA_ID, std::uint32_t{2})
             .put(NHA_GROUP, member)
             .put(NHA_GROUP_TYPE, std::uint16_t{NEXTHOP_GRP_TYPE_RES})
             .nest(NHA_RES_GROUP | NLA_F_NESTED,
                   [](Question& q) { q.put(NHA_RES_GROUP_BUCKETS, std::uint16_t{8}); })
             .errno_of_answer() == 0;
}

bool can_raise_loopback() {
  ifinfomsg up{};
  up.ifi_index = 1;
  up.ifi_flags = up.ifi_change = IFF_UP;
  return Question(NETLINK_ROUTE, RTM_NEWLINK, NLM_F_ACK).header(up).errno_of_answer() == 0;
}

/// Containers have namespaces in which they may change nothing: no CAP_NET_ADMIN, a /proc/sys that is
/// read-only.
bool may_set_up() {
  return can_raise_loopback() && sys::Fd{::open("/proc/sys/net/ipv4/ip_forward", O_WRONLY | O_CLOEXEC)};
}

/// Asks by loading a program that passes everything.
bool has_xdp() {
  constexpr std::array<bpf_insn, 2> pass{
      {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS}, {.code = BPF_JMP | BPF_EXIT}}};
  bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_XDP;
  load.insns = reinterpret_cast<std::uintptr_t>(pass.data());
  load.insn_cnt = pass.size();
  load.license = reinterpret_cast<std::uintptr_t>("GPL");
  return bool{sys::Fd{static_cast<int>(::syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load))}};
}

bool has_multipath() {
  if (!can_raise_loopback()) return false;
  rtmsg route{};
  route.rtm_family = AF_INET;
  route.rtm_dst_len = 32;
  route.rtm_table = RT_TABLE_MAIN;
  route.rtm_protocol = RTPROT_STATIC;
  route.rtm_scope = RT_SCOPE_LINK;
  route.rtm_type = RTN_UNICAST;
  rtnexthop hop{};
  hop.rtnh_len = sizeof hop;
  hop.rtnh_ifindex = 1;
  const rtnexthop hops[] = {hop, hop};
  return Question(NETLINK_ROUTE, RTM_NEWROUTE, create)
             .header(route)
             .put(RTA_DST, htonl(0xc6336401))  // 198.51.100.1, of a range for documentation
             .put(RTA_MULTIPATH, hops)
             .errno_of_answer() == 0;
}

bool has_multipath_hash_fields() {
  return ::access("/proc/sys/net/ipv4/fib_multipath_hash_fields", F_OK) == 0;
}

bool has_rps() { return ::access("/sys/class/net/lo/queues/rx-0/rps_cpus", F_OK) == 0; }

/// Whether a child of ours can do it. It has our memory only as a copy, and must not allocate.
bool child_can(bool (*attempt)()) {
  const pid_t child = sys::check("make a process", ::fork());
  if (child == 0) ::_exit(attempt() ? 0 : 1);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool mounts() {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", "/tmp", "tmpfs", 0, nullptr) == 0;
}

bool makes_user_namespace() { return ::unshare(CLONE_NEWUSER) == 0; }

bool has_program(const std::string& name) {
  const auto own = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return !sys::find_program(name, own.string() + ":" + program_path()).empty();
}

using Probe = std::function<bool()>;

const std::map<std::string, Probe>& probes_inside() {
  static const std::map<std::string, Probe> probes = {
      {"netns", [] { return true; }},
      {"tun", has_tun},
      {"netem", has_netem},
      {"xdp", has_xdp},
      {"nftables", has_nftables},
      {"ipvs", has_ipvs},
      {"nexthop", has_nexthop},
      {"resilient-nexthop", has_resilient_nexthop},
      {"multipath", has_multipath},
      {"multipath-hash-fields", has_multipath_hash_fields},
      {"rps", has_rps},
  };
  return probes;
}

}  // namespace

Features::Features() {
  try {
    inside_ = sys::Netns::create();
  } catch (const sys::SystemError&) {  // has("netns") is the answer
  }
}

bool Features::has(const std::string& feature) {
  const auto found = known_.find(feature);
  if (found != known_.end()) return found->second;
  return known_[feature] = ask(feature);
}

bool Features::ask(const std::string& feature) {
  if (feature.starts_with(program_prefix)) return has_program(feature.substr(program_prefix.size()));
  if (feature == "root") return ::geteuid() == 0 && inside_ && has("mount") && inside_->within(may_set_up);
  if (feature == "mount") return child_can(mounts);
  if (feature == "userns") return child_can(makes_user_namespace);
  if (!inside_) return false;
  const auto probe = probes_inside().find(feature);
  return inside_->within(
      [&] { return probe != probes_inside().end() ? probe->second() : has_link_kind(feature); });
}

std::vector<Missing> Features::missing(const std::set<std::string>& needs) {
  std::vector<Missing> out;
  for (const auto& feature : needs)
    if (!has(feature)) out.push_back({feature, remedy(feature), !feature.starts_with(program_prefix)});
  return out;
}

}  // namespace lblab::guest
