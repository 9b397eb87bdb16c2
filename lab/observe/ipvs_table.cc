#include "lab/observe/ipvs_table.hpp"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "lab/sys/error.hpp"

namespace lblab::observe {

namespace {

using Socket = std::unique_ptr<nl_sock, decltype(&nl_socket_free)>;
using Message = std::unique_ptr<nl_msg, decltype(&nlmsg_free)>;
using Attributes = nlattr**;

void require(const char* attempt, int rc) {
  if (rc < 0) throw sys::SystemError{std::string(attempt) + ": " + nl_geterror(rc), EIO};
}

/// The nested attributes of `kind` in each message of a dump.
template <int Most>
void dump(nl_sock* socket, Message request, int kind, std::function<void(Attributes)> each) {
  struct Context {
    int kind;
    std::function<void(Attributes)> each;
  } context{kind, std::move(each)};
  const auto parse = [](nl_msg* message, void* argument) -> int {
    auto* c = static_cast<Context*>(argument);
    nlattr* outer[IPVS_CMD_ATTR_MAX + 1];
    nlattr* inner[Most + 1];
    if (genlmsg_parse(nlmsg_hdr(message), 0, outer, IPVS_CMD_ATTR_MAX, nullptr) < 0 || !outer[c->kind])
      return NL_OK;
    if (nla_parse_nested(inner, Most, outer[c->kind], nullptr) == 0) c->each(inner);
    return NL_OK;
  };
  nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, parse, &context);
  require("ask for the IPVS table", nl_send_auto(socket, request.get()));
  require("read the IPVS table", nl_recvmsgs_default(socket));
}

Message request(int family, int command) {
  Message message{nlmsg_alloc(), nlmsg_free};
  genlmsg_put(message.get(), NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, NLM_F_DUMP,
              static_cast<std::uint8_t>(command), IPVS_GENL_VERSION);
  return message;
}

std::string address_text(int family, const nlattr* address, const nlattr* port) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(family, nla_data(address), text, sizeof text);
  const std::string number = std::to_string(ntohs(nla_get_u16(port)));
  return family == AF_INET6 ? "[" + std::string(text) + "]:" + number : std::string(text) + ":" + number;
}

/// What names a service: copied from the dump, since it is also what a dump of its destinations is asked
/// with.
struct Key {
  std::uint16_t family = 0, protocol = 0, port = 0;
  std::uint32_t mark = 0;
  std::vector<char> address;

  explicit Key(Attributes a) : family(nla_get_u16(a[IPVS_SVC_ATTR_AF])) {
    if (a[IPVS_SVC_ATTR_FWMARK]) {
      mark = nla_get_u32(a[IPVS_SVC_ATTR_FWMARK]);
      return;
    }
    protocol = nla_get_u16(a[IPVS_SVC_ATTR_PROTOCOL]);
    port = nla_get_u16(a[IPVS_SVC_ATTR_PORT]);
    const auto* bytes = static_cast<const char*>(nla_data(a[IPVS_SVC_ATTR_ADDR]));
    address.assign(bytes, bytes + nla_len(a[IPVS_SVC_ATTR_ADDR]));
  }

  void put(nl_msg* message) const {
    nlattr* nest = nla_nest_start(message, IPVS_CMD_ATTR_SERVICE);
    nla_put_u16(message, IPVS_SVC_ATTR_AF, family);
    if (mark) {
      nla_put_u32(message, IPVS_SVC_ATTR_FWMARK, mark);
    } else {
      nla_put_u16(message, IPVS_SVC_ATTR_PROTOCOL, protocol);
      nla_put_u16(message, IPVS_SVC_ATTR_PORT, port);
      nla_put(message, IPVS_SVC_ATTR_ADDR, static_cast<int>(address.size()), address.data());
    }
    nla_nest_end(message, nest);
  }
};

std::string name_of(const Key& key, Attributes a) {
  if (key.mark) return "fwmark " + std::to_string(key.mark);
  const char* protocol = key.protocol == IPPROTO_TCP   ? "tcp "
                         : key.protocol == IPPROTO_UDP ? "udp "
                                                       : "sctp ";
  return protocol + address_text(key.family, a[IPVS_SVC_ATTR_ADDR], a[IPVS_SVC_ATTR_PORT]);
}

/// Of the kernel's 64-bit counters, which are nested.
IpvsCounters counters(nlattr* nest) {
  nlattr* a[IPVS_STATS_ATTR_MAX + 1];
  if (!nest || nla_parse_nested(a, IPVS_STATS_ATTR_MAX, nest, nullptr) != 0) return {};
  const auto value = [&](int kind) -> std::uint64_t { return a[kind] ? nla_get_u64(a[kind]) : 0; };
  return {value(IPVS_STATS_ATTR_CONNS), value(IPVS_STATS_ATTR_INPKTS), value(IPVS_STATS_ATTR_OUTPKTS),
          value(IPVS_STATS_ATTR_INBYTES), value(IPVS_STATS_ATTR_OUTBYTES)};
}

IpvsDestination destination(const Key& key, Attributes a) {
  static constexpr const char* methods[] = {"masquerade", "local", "tunnel", "direct"};
  const int family = a[IPVS_DEST_ATTR_ADDR_FAMILY] ? nla_get_u16(a[IPVS_DEST_ATTR_ADDR_FAMILY]) : key.family;
  return {.address = address_text(family, a[IPVS_DEST_ATTR_ADDR], a[IPVS_DEST_ATTR_PORT]),
          .forwarding = methods[nla_get_u32(a[IPVS_DEST_ATTR_FWD_METHOD]) & 3],
          .weight = static_cast<int>(nla_get_u32(a[IPVS_DEST_ATTR_WEIGHT])),
          .active = nla_get_u32(a[IPVS_DEST_ATTR_ACTIVE_CONNS]),
          .inactive = nla_get_u32(a[IPVS_DEST_ATTR_INACT_CONNS]),
          .counters = counters(a[IPVS_DEST_ATTR_STATS64])};
}

}  // namespace

std::vector<IpvsService> read_ipvs(const sys::Netns& netns) {
  const Socket socket{nl_socket_alloc(), nl_socket_free};
  nl_socket_disable_auto_ack(socket.get());
  require("open generic netlink", netns.within([&] { return genl_connect(socket.get()); }));
  const int family = genl_ctrl_resolve(socket.get(), IPVS_GENL_NAME);
  if (family < 0) return {};

  std::vector<std::pair<Key, IpvsService>> found;
  dump<IPVS_SVC_ATTR_MAX>(
      socket.get(), request(family, IPVS_CMD_GET_SERVICE), IPVS_CMD_ATTR_SERVICE, [&](Attributes a) {
        const Key key{a};
        found.emplace_back(key, IpvsService{.service = name_of(key, a),
                                            .scheduler = nla_get_string(a[IPVS_SVC_ATTR_SCHED_NAME]),
                                            .counters = counters(a[IPVS_SVC_ATTR_STATS64])});
      });
  std::vector<IpvsService> services;
  for (auto& one : found) {
    const Key& key = one.first;
    IpvsService& service = one.second;
    auto of_service = request(family, IPVS_CMD_GET_DEST);
    key.put(of_service.get());
    dump<IPVS_DEST_ATTR_MAX>(socket.get(), std::move(of_service), IPVS_CMD_ATTR_DEST,
                             [&](Attributes a) { service.destinations.push_back(destination(key, a)); });
    std::ranges::sort(service.destinations, {}, &IpvsDestination::address);
    services.push_back(std::move(service));
  }
  std::ranges::sort(services, {}, &IpvsService::service);
  return services;
}

}  // namespace lblab::observe
