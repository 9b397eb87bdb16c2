#include "lbcore/ipvs/wire.hpp"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include <algorithm>
#include <array>
#include <string>

#include "lab/sys/error.hpp"

namespace lbcore::ipvs::wire {

using lblab::sys::SystemError;

namespace {

constexpr std::uint32_t each_alone = 0xffffffff;  // VirtualService::netmask
// What a user may set; the kernel adds IP_VS_SVC_F_HASHED of its own.
constexpr std::uint32_t user_flags = IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_ONEPACKET | IP_VS_SVC_F_SCHED1 |
                                     IP_VS_SVC_F_SCHED2 | IP_VS_SVC_F_SCHED3;

void built(int rc) {
  if (rc < 0) throw SystemError{"build an IPVS message", ENOMEM};
}

bool is_ipv6(const ServiceKey& key) {
  if (const auto* mark = std::get_if<ByMark>(&key)) return mark->ipv6;
  return std::get<ByAddress>(key).address.family() == AF_INET6;
}

void put_address(nl_msg* m, int attribute, const Address& address) {
  std::array<std::uint8_t, 16> bytes{};  // the kernel's union of both families
  std::ranges::copy(address.bytes(), bytes.begin());
  built(nla_put(m, attribute, bytes.size(), bytes.data()));
}

void put_key(nl_msg* m, const ServiceKey& key) {
  built(nla_put_u16(m, IPVS_SVC_ATTR_AF, is_ipv6(key) ? AF_INET6 : AF_INET));
  if (const auto* mark = std::get_if<ByMark>(&key)) {
    built(nla_put_u32(m, IPVS_SVC_ATTR_FWMARK, mark->mark));
    return;
  }
  const auto& by_address = std::get<ByAddress>(key);
  built(nla_put_u16(m, IPVS_SVC_ATTR_PROTOCOL, static_cast<std::uint16_t>(by_address.protocol)));
  put_address(m, IPVS_SVC_ATTR_ADDR, by_address.address);
  built(nla_put_u16(m, IPVS_SVC_ATTR_PORT, htons(by_address.port)));
}

void put_endpoint(nl_msg* m, const Address& address, std::uint16_t port) {
  built(nla_put_u16(m, IPVS_DEST_ATTR_ADDR_FAMILY, static_cast<std::uint16_t>(address.family())));
  put_address(m, IPVS_DEST_ATTR_ADDR, address);
  built(nla_put_u16(m, IPVS_DEST_ATTR_PORT, htons(port)));
}

template <class F>
void nest(nl_msg* m, int attribute, F fill) {
  nlattr* const start = nla_nest_start(m, attribute);
  built(start ? 0 : -1);
  fill();
  nla_nest_end(m, start);
}

/// The kernel keeps an IPv4 mask in network order and an IPv6 prefix length as a number.
std::uint32_t netmask_to_kernel(std::uint32_t netmask, bool ipv6) {
  if (!ipv6) return htonl(netmask);
  return netmask == each_alone ? 128 : netmask;
}
std::uint32_t netmask_from_kernel(std::uint32_t netmask, bool ipv6) {
  if (!ipv6) return ntohl(netmask);
  return netmask == 128 ? each_alone : netmask;
}

std::uint32_t to_kernel(Forwarding forwarding) {
  switch (forwarding) {
    case Forwarding::direct:
      return IP_VS_CONN_F_DROUTE;
    case Forwarding::tunnel:
      return IP_VS_CONN_F_TUNNEL;
    case Forwarding::nat:
      break;
  }
  return IP_VS_CONN_F_MASQ;
}

Forwarding from_kernel(std::uint32_t method) {
  switch (method & IP_VS_CONN_F_FWD_MASK) {
    case IP_VS_CONN_F_DROUTE:
      return Forwarding::direct;
    case IP_VS_CONN_F_TUNNEL:
      return Forwarding::tunnel;
    default:
      return Forwarding::nat;
  }
}

/// Attributes of one nest, by number.
template <int max>
class Attributes {
 public:
  explicit Attributes(nlattr* nest) {
    if (nest) nla_parse_nested(found_.data(), max, nest, nullptr);
  }
  nlattr* at(int number) const { return found_[number]; }
  bool has(int number) const { return at(number) != nullptr; }
  std::uint16_t u16(int number) const { return has(number) ? nla_get_u16(at(number)) : 0; }
  std::uint32_t u32(int number) const { return has(number) ? nla_get_u32(at(number)) : 0; }
  std::uint64_t u64(int number) const { return has(number) ? nla_get_u64(at(number)) : 0; }
  std::uint16_t port(int number) const { return ntohs(u16(number)); }
  std::string text(int number) const { return has(number) ? nla_get_string(at(number)) : ""; }
  Address address(int number, int family) const {
    const std::size_t length = family == AF_INET6 ? 16 : 4;
    if (!has(number) || nla_len(at(number)) < static_cast<int>(length))
      throw SystemError{"read an IPVS address", EPROTO};
    return Address::from_bytes({static_cast<const std::uint8_t*>(nla_data(at(number))), length});
  }

 private:
  std::array<nlattr*, max + 1> found_{};
};

nlattr* entry_of(nl_msg* m, int attribute) { return nlmsg_find_attr(nlmsg_hdr(m), GENL_HDRLEN, attribute); }

Counters counters_of(nlattr* stats64) {
  const Attributes<IPVS_STATS_ATTR_MAX> a(stats64);
  return {.connections = a.u64(IPVS_STATS_ATTR_CONNS),
          .packets_in = a.u64(IPVS_STATS_ATTR_INPKTS),
          .packets_out = a.u64(IPVS_STATS_ATTR_OUTPKTS),
          .bytes_in = a.u64(IPVS_STATS_ATTR_INBYTES),
          .bytes_out = a.u64(IPVS_STATS_ATTR_OUTBYTES)};
}

struct Reply {
  std::vector<Message> messages;
  int error = 0;
  bool complete = false;

  static int on_message(nl_msg* m, void* self) {
    nlmsg_get(m);
    static_cast<Reply*>(self)->messages.emplace_back(m);
    return NL_OK;
  }
  static int on_end(nl_msg*, void* self) {
    static_cast<Reply*>(self)->complete = true;
    return NL_STOP;
  }
  static int on_error(sockaddr_nl*, nlmsgerr* e, void* self) {
    static_cast<Reply*>(self)->error = -e->error;
    static_cast<Reply*>(self)->complete = true;
    return NL_STOP;
  }
};

struct PutBack {
  void operator()(nl_cb* cb) const { nl_cb_put(cb); }
};

}  // namespace

void Free::operator()(nl_msg* m) const { nlmsg_free(m); }

Message request(int family, std::uint8_t command, int flags) {
  Message m{nlmsg_alloc()};
  built(m && genlmsg_put(m.get(), NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags, command, IPVS_GENL_VERSION)
            ? 0
            : -1);
  return m;
}

void put(nl_msg* m, const ServiceKey& key) {
  nest(m, IPVS_CMD_ATTR_SERVICE, [&] { put_key(m, key); });
}

void put(nl_msg* m, const VirtualService& s) {
  nest(m, IPVS_CMD_ATTR_SERVICE, [&] {
    put_key(m, s.key);
    built(nla_put_string(m, IPVS_SVC_ATTR_SCHED_NAME, s.scheduler.c_str()));
    const ip_vs_flags flags{.flags = s.flags, .mask = ~0u};
    built(nla_put(m, IPVS_SVC_ATTR_FLAGS, sizeof flags, &flags));
    built(nla_put_u32(m, IPVS_SVC_ATTR_TIMEOUT, s.persistence_timeout_s));
    built(nla_put_u32(m, IPVS_SVC_ATTR_NETMASK, netmask_to_kernel(s.netmask, is_ipv6(s.key))));
  });
}

void put(nl_msg* m, const Address& address, std::uint16_t port) {
  nest(m, IPVS_CMD_ATTR_DEST, [&] { put_endpoint(m, address, port); });
}

void put(nl_msg* m, const Destination& d) {
  nest(m, IPVS_CMD_ATTR_DEST, [&] {
    put_endpoint(m, d.address, d.port);
    built(nla_put_u32(m, IPVS_DEST_ATTR_FWD_METHOD, to_kernel(d.forwarding)));
    built(nla_put_u32(m, IPVS_DEST_ATTR_WEIGHT, static_cast<std::uint32_t>(d.weight)));
    built(nla_put_u32(m, IPVS_DEST_ATTR_U_THRESH, d.upper_threshold));
    built(nla_put_u32(m, IPVS_DEST_ATTR_L_THRESH, d.lower_threshold));
  });
}

void put(nl_msg* m, const Timeouts& t) {
  if (t.tcp_s) built(nla_put_u32(m, IPVS_CMD_ATTR_TIMEOUT_TCP, *t.tcp_s));
  if (t.tcpfin_s) built(nla_put_u32(m, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, *t.tcpfin_s));
  if (t.udp_s) built(nla_put_u32(m, IPVS_CMD_ATTR_TIMEOUT_UDP, *t.udp_s));
}

Timeouts timeouts_of(nl_msg* m) {
  const auto seconds = [&](int attribute) {
    nlattr* const found = entry_of(m, attribute);
    return found ? nla_get_u32(found) : 0;
  };
  return {seconds(IPVS_CMD_ATTR_TIMEOUT_TCP), seconds(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN),
          seconds(IPVS_CMD_ATTR_TIMEOUT_UDP)};
}

ServiceEntry service_of(nl_msg* m) {
  const Attributes<IPVS_SVC_ATTR_MAX> a(entry_of(m, IPVS_CMD_ATTR_SERVICE));
  const int family = a.u16(IPVS_SVC_ATTR_AF);
  ServiceEntry entry;
  VirtualService& s = entry.service;
  if (a.has(IPVS_SVC_ATTR_FWMARK))
    s.key = ByMark{a.u32(IPVS_SVC_ATTR_FWMARK), family == AF_INET6};
  else
    s.key = ByAddress{a.address(IPVS_SVC_ATTR_ADDR, family), a.port(IPVS_SVC_ATTR_PORT),
                      static_cast<Protocol>(a.u16(IPVS_SVC_ATTR_PROTOCOL))};
  s.scheduler = a.text(IPVS_SVC_ATTR_SCHED_NAME);
  ip_vs_flags flags{};
  if (a.has(IPVS_SVC_ATTR_FLAGS)) nla_memcpy(&flags, a.at(IPVS_SVC_ATTR_FLAGS), sizeof flags);
  s.flags = flags.flags & user_flags;
  s.persistence_timeout_s = a.u32(IPVS_SVC_ATTR_TIMEOUT);
  s.netmask = netmask_from_kernel(a.u32(IPVS_SVC_ATTR_NETMASK), family == AF_INET6);
  entry.counters = counters_of(a.at(IPVS_SVC_ATTR_STATS64));
  return entry;
}

DestinationEntry destination_of(nl_msg* m) {
  const Attributes<IPVS_DEST_ATTR_MAX> a(entry_of(m, IPVS_CMD_ATTR_DEST));
  DestinationEntry entry;
  Destination& d = entry.destination;
  d.address = a.address(IPVS_DEST_ATTR_ADDR, a.u16(IPVS_DEST_ATTR_ADDR_FAMILY));
  d.port = a.port(IPVS_DEST_ATTR_PORT);
  d.weight = static_cast<std::int32_t>(a.u32(IPVS_DEST_ATTR_WEIGHT));
  d.forwarding = from_kernel(a.u32(IPVS_DEST_ATTR_FWD_METHOD));
  d.upper_threshold = a.u32(IPVS_DEST_ATTR_U_THRESH);
  d.lower_threshold = a.u32(IPVS_DEST_ATTR_L_THRESH);
  entry.counters = {.address = d.address,
                    .port = d.port,
                    .counters = counters_of(a.at(IPVS_DEST_ATTR_STATS64)),
                    .active = a.u32(IPVS_DEST_ATTR_ACTIVE_CONNS),
                    .inactive = a.u32(IPVS_DEST_ATTR_INACT_CONNS),
                    .persistent = a.u32(IPVS_DEST_ATTR_PERSIST_CONNS)};
  return entry;
}

std::vector<Message> exchange(nl_sock* socket, Message request, std::string_view attempt) {
  // libnl folds the kernel's errors into fewer of its own (ENOENT and ESRCH become one), so they are taken
  // here.
  const std::unique_ptr<nl_cb, PutBack> callbacks{nl_cb_alloc(NL_CB_DEFAULT)};
  if (!callbacks) throw SystemError{attempt, ENOMEM};
  Reply reply;
  nl_cb_set(callbacks.get(), NL_CB_VALID, NL_CB_CUSTOM, Reply::on_message, &reply);
  nl_cb_set(callbacks.get(), NL_CB_FINISH, NL_CB_CUSTOM, Reply::on_end, &reply);
  nl_cb_set(callbacks.get(), NL_CB_ACK, NL_CB_CUSTOM, Reply::on_end, &reply);
  nl_cb_err(callbacks.get(), NL_CB_CUSTOM, Reply::on_error, &reply);
  if (nl_send_auto(socket, request.get()) < 0) throw SystemError{attempt, EIO};
  while (!reply.complete)
    if (nl_recvmsgs(socket, callbacks.get()) < 0 && !reply.complete) throw SystemError{attempt, EIO};
  if (reply.error) throw SystemError{attempt, reply.error};
  return std::move(reply.messages);
}

}  // namespace lbcore::ipvs::wire
