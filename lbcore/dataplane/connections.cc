#include "lbcore/dataplane/connections.hpp"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>

#include "lab/sys/error.hpp"

namespace lbcore::dataplane {

namespace {

using lblab::sys::SystemError;

struct Close {
  void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};
using Socket = std::unique_ptr<mnl_socket, Close>;
using Buffer = std::array<char, 32'768>;  // libmnl.h, MNL_SOCKET_DUMP_SIZE
constexpr unsigned sequence = 1;

Socket open() {
  Socket socket{mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC)};
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
    throw SystemError{"open the kernel's table of connections"};
  return socket;
}

template <std::size_t Most>
using Attributes = std::array<const nlattr*, Most + 1>;

template <std::size_t Most>
int keep(const nlattr* attribute, void* kept) {
  if (mnl_attr_get_type(attribute) <= Most)
    (*static_cast<Attributes<Most>*>(kept))[mnl_attr_get_type(attribute)] = attribute;
  return MNL_CB_OK;
}

template <std::size_t Most>
Attributes<Most> nested(const nlattr* parent) {
  Attributes<Most> found{};
  if (parent) mnl_attr_parse_nested(parent, keep<Most>, &found);
  return found;
}

/// One direction of a connection.
struct Tuple {
  Address source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint8_t protocol = 0;
};

std::optional<Address> address(const nlattr* v4, const nlattr* v6) {
  const auto* bytes = v4 ? v4 : v6;
  if (!bytes) return std::nullopt;
  return Address::from_bytes(
      {static_cast<const std::uint8_t*>(mnl_attr_get_payload(bytes)), mnl_attr_get_payload_len(bytes)});
}

std::uint16_t port(const nlattr* attribute) { return attribute ? ntohs(mnl_attr_get_u16(attribute)) : 0; }

std::optional<Tuple> tuple(const nlattr* attribute) {
  const auto parts = nested<CTA_TUPLE_MAX>(attribute);
  const auto ip = nested<CTA_IP_MAX>(parts[CTA_TUPLE_IP]);
  const auto proto = nested<CTA_PROTO_MAX>(parts[CTA_TUPLE_PROTO]);
  const auto source = address(ip[CTA_IP_V4_SRC], ip[CTA_IP_V6_SRC]);
  const auto destination = address(ip[CTA_IP_V4_DST], ip[CTA_IP_V6_DST]);
  if (!source || !destination || !proto[CTA_PROTO_NUM]) return std::nullopt;
  return Tuple{*source, *destination, port(proto[CTA_PROTO_SRC_PORT]), port(proto[CTA_PROTO_DST_PORT]),
               mnl_attr_get_u8(proto[CTA_PROTO_NUM])};
}

bool is_established(const Attributes<CTA_MAX>& all, std::uint32_t status) {
  const auto tcp =
      nested<CTA_PROTOINFO_TCP_MAX>(nested<CTA_PROTOINFO_MAX>(all[CTA_PROTOINFO])[CTA_PROTOINFO_TCP]);
  if (const auto* state = tcp[CTA_PROTOINFO_TCP_STATE])
    return mnl_attr_get_u8(state) == TCP_CONNTRACK_ESTABLISHED;
  return status & IPS_SEEN_REPLY;
}

/// Nothing: its destination was not rewritten, or it is of no protocol of ours.
std::optional<Connection> connection(const nlmsghdr* message) {
  Attributes<CTA_MAX> all{};
  mnl_attr_parse(message, sizeof(nfgenmsg), keep<CTA_MAX>, &all);
  const auto there = tuple(all[CTA_TUPLE_ORIG]), back = tuple(all[CTA_TUPLE_REPLY]);
  const std::uint32_t status = all[CTA_STATUS] ? ntohl(mnl_attr_get_u32(all[CTA_STATUS])) : 0;
  if (!there || !back || !(status & IPS_DST_NAT)) return std::nullopt;
  if (there->protocol != IPPROTO_TCP && there->protocol != IPPROTO_UDP && there->protocol != IPPROTO_SCTP)
    return std::nullopt;
  return Connection{static_cast<Protocol>(there->protocol),
                    there->source,
                    there->destination,
                    there->source_port,
                    there->destination_port,
                    back->source,
                    back->source_port,
                    is_established(all, status)};
}

nlmsghdr* request(Buffer& buffer, int family, unsigned type, unsigned flags) {
  nlmsghdr* head = mnl_nlmsg_put_header(buffer.data());
  head->nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | type);
  head->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  head->nlmsg_seq = sequence;
  auto* extra = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(head, sizeof(nfgenmsg)));
  extra->nfgen_family = static_cast<std::uint8_t>(family);
  extra->version = NFNETLINK_V0;
  return head;
}

/// The kernel's answer, to its end. False, with errno: it refuses.
bool exchange(mnl_socket* socket, const nlmsghdr* message, const std::function<void(const nlmsghdr*)>& each) {
  const auto hear = [](const nlmsghdr* answer, void* visit) {
    (*static_cast<const std::function<void(const nlmsghdr*)>*>(visit))(answer);
    return MNL_CB_OK;
  };
  if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0) return false;
  Buffer buffer;
  for (int more = MNL_CB_OK; more > MNL_CB_STOP;) {
    const auto bytes = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
    if (bytes < 0) return false;
    more = mnl_cb_run(buffer.data(), static_cast<std::size_t>(bytes), sequence, mnl_socket_get_portid(socket),
                      hear, const_cast<std::function<void(const nlmsghdr*)>*>(&each));
    if (more < 0) return false;
  }
  return true;
}

void put(nlmsghdr* message, std::uint16_t v4, std::uint16_t v6, const Address& address) {
  mnl_attr_put(message, address.bits() == 32 ? v4 : v6, address.bytes().size(), address.bytes().data());
}

/// What the kernel finds a connection by.
void put(nlmsghdr* message, const Connection& c) {
  nlattr* tuple = mnl_attr_nest_start(message, CTA_TUPLE_ORIG);
  nlattr* ip = mnl_attr_nest_start(message, CTA_TUPLE_IP);
  put(message, CTA_IP_V4_SRC, CTA_IP_V6_SRC, c.client);
  put(message, CTA_IP_V4_DST, CTA_IP_V6_DST, c.service);
  mnl_attr_nest_end(message, ip);
  nlattr* proto = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
  mnl_attr_put_u8(message, CTA_PROTO_NUM, static_cast<std::uint8_t>(c.protocol));
  mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, htons(c.client_port));
  mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, htons(c.service_port));
  mnl_attr_nest_end(message, proto);
  mnl_attr_nest_end(message, tuple);
}

}  // namespace

std::vector<Connection> connections() {
  const Socket socket = open();
  std::vector<Connection> found;
  Buffer buffer;
  const auto note = [&](const nlmsghdr* message) {
    if (auto one = connection(message)) found.push_back(*one);
  };
  if (!exchange(socket.get(), request(buffer, AF_UNSPEC, IPCTNL_MSG_CT_GET, NLM_F_DUMP), note))
    throw SystemError{"read the kernel's table of connections"};
  return found;
}

void forget(std::span<const Connection> gone) {
  if (gone.empty()) return;
  const Socket socket = open();
  for (const auto& one : gone) {
    Buffer buffer;
    nlmsghdr* message = request(buffer, one.client.family(), IPCTNL_MSG_CT_DELETE, NLM_F_ACK);
    put(message, one);
    if (!exchange(socket.get(), message, [](const nlmsghdr*) {}) && errno != ENOENT)
      throw SystemError{"forget the connections of " + one.server.str()};
  }
}

bool belongs(const Connection& c, const Range& r) {
  return c.protocol == r.protocol && c.service_port == r.port && r.addresses.contains(c.service);
}

}  // namespace lbcore::dataplane
