#include "lab/nl/link.hpp"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/if_tunnel.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <map>

#include "lab/nl/builder.hpp"
#include "lab/sys/error.hpp"

namespace lblab::nl {

namespace {

constexpr std::uint16_t create = NLM_F_CREATE | NLM_F_EXCL;

ifinfomsg body_of(const LinkSettings& s) {
  ifinfomsg body{};
  body.ifi_index = s.index;
  if (s.up) {
    body.ifi_change = IFF_UP;
    body.ifi_flags = *s.up ? IFF_UP : 0;
  }
  return body;
}

void put_settings(Builder& b, const LinkSettings& s) {
  if (!s.name.empty()) b.text(IFLA_IFNAME, s.name);
  if (s.mtu) b.u32(IFLA_MTU, static_cast<std::uint32_t>(s.mtu));
  if (!s.mac.empty()) b.mac(IFLA_ADDRESS, s.mac);
  if (s.master) b.u32(IFLA_MASTER, static_cast<std::uint32_t>(*s.master));
  if (s.alias) b.text(IFLA_IFALIAS, *s.alias);
}

template <class Fill>
Message add(const LinkSettings& s, const char* kind, Fill&& fill_data) {
  Builder b{RTM_NEWLINK, create, body_of(s)};
  put_settings(b, s);
  b.nest(IFLA_LINKINFO, [&](Builder& info) {
    info.text(IFLA_INFO_KIND, kind);
    info.nest(IFLA_INFO_DATA, fill_data);
  });
  return b.message();
}

/// linux/ip.h: what the kernel only stores. Those with side effects of a write (forwarding and its like) are
/// not here.
const std::map<std::string, std::uint16_t> plain_ipv4_conf = {
    {"accept_redirects", IPV4_DEVCONF_ACCEPT_REDIRECTS},
    {"arp_accept", IPV4_DEVCONF_ARP_ACCEPT},
    {"arp_announce", IPV4_DEVCONF_ARP_ANNOUNCE},
    {"arp_filter", IPV4_DEVCONF_ARPFILTER},
    {"arp_ignore", IPV4_DEVCONF_ARP_IGNORE},
    {"arp_notify", IPV4_DEVCONF_ARP_NOTIFY},
    {"log_martians", IPV4_DEVCONF_LOG_MARTIANS},
    {"proxy_arp", IPV4_DEVCONF_PROXY_ARP},
    {"rp_filter", IPV4_DEVCONF_RP_FILTER},
    {"secure_redirects", IPV4_DEVCONF_SECURE_REDIRECTS},
    {"send_redirects", IPV4_DEVCONF_SEND_REDIRECTS},
    {"shared_media", IPV4_DEVCONF_SHARED_MEDIA},
    {"src_valid_mark", IPV4_DEVCONF_SRC_VMARK},
};

}  // namespace

Message add_veth(const LinkSettings& near, const LinkSettings& far, int far_namespace, std::uint32_t queues) {
  Builder b{RTM_NEWLINK, create, body_of(near)};
  put_settings(b, near);
  b.u32(IFLA_NUM_TX_QUEUES, queues).u32(IFLA_NUM_RX_QUEUES, queues);
  b.nest(IFLA_LINKINFO, [&](Builder& info) {
    info.text(IFLA_INFO_KIND, "veth");
    info.nest(IFLA_INFO_DATA, [&](Builder& data) {
      data.nest(VETH_INFO_PEER, [&](Builder& peer) {
        peer.raw<ifinfomsg>()->ifi_index = far.index;
        peer.text(IFLA_IFNAME, far.name).u32(IFLA_NUM_TX_QUEUES, queues).u32(IFLA_NUM_RX_QUEUES, queues);
        if (far.mtu) peer.u32(IFLA_MTU, static_cast<std::uint32_t>(far.mtu));
        if (!far.mac.empty()) peer.mac(IFLA_ADDRESS, far.mac);
        if (far_namespace >= 0) peer.u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(far_namespace));
      });
    });
  });
  return b.message();
}

Message add_bridge(const LinkSettings& settings, bool multicast_snooping) {
  return add(settings, "bridge", [&](Builder& data) {
    data.u32(IFLA_BR_STP_STATE, 0).u8(IFLA_BR_MCAST_SNOOPING, multicast_snooping);
  });
}

Message add_vxlan(const LinkSettings& settings, const Vxlan& vxlan) {
  return add(settings, "vxlan", [&](Builder& data) {
    data.u32(IFLA_VXLAN_ID, vxlan.id);
    data.address(vxlan.local.family() == AF_INET6 ? IFLA_VXLAN_LOCAL6 : IFLA_VXLAN_LOCAL, vxlan.local);
    if (vxlan.underlay) data.u32(IFLA_VXLAN_LINK, static_cast<std::uint32_t>(vxlan.underlay));
    data.u16(IFLA_VXLAN_PORT,
             static_cast<std::uint16_t>(vxlan.port << 8 | vxlan.port >> 8));  // network order
    data.u8(IFLA_VXLAN_LEARNING, 0);
  });
}

Message add_ipip(const LinkSettings& settings, const std::optional<sys::Address>& local,
                 const std::optional<sys::Address>& remote) {
  return add(settings, "ipip", [&](Builder& data) {
    if (local) data.address(IFLA_IPTUN_LOCAL, *local);
    if (remote) data.address(IFLA_IPTUN_REMOTE, *remote);
    data.u8(IFLA_IPTUN_PMTUDISC, 1);
  });
}

void add_tun(const LinkSettings& settings) {
  const sys::Fd tun = sys::open("/dev/net/tun", O_RDWR);
  if (settings.index)
    sys::check("choose an index for a TUN device", ::ioctl(tun.get(), TUNSETIFINDEX, &settings.index));
  ifreq request{};
  settings.name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL);
  sys::check("add TUN device " + settings.name, ::ioctl(tun.get(), TUNSETIFF, &request));
  sys::check("keep TUN device " + settings.name, ::ioctl(tun.get(), TUNSETPERSIST, 1));
}

Message set_link(const LinkSettings& settings) {
  Builder b{RTM_SETLINK, 0, body_of(settings)};
  put_settings(b, settings);
  return b.message();
}

Message silence_ipv6(int index) {
  ifinfomsg body{};
  body.ifi_index = index;
  return Builder{RTM_SETLINK, 0, body}
      .nest(IFLA_AF_SPEC,
            [](Builder& families) {
              families.nest(AF_INET6,
                            [](Builder& ipv6) { ipv6.u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE); });
            })
      .message();
}

std::optional<Message> set_ipv4_conf(int index, const std::string& key, const std::string& value) {
  const auto known = plain_ipv4_conf.find(key);
  if (known == plain_ipv4_conf.end() || value.empty() ||
      value.find_first_not_of("0123456789") != std::string::npos || value.size() > 9)
    return std::nullopt;
  ifinfomsg body{};
  body.ifi_index = index;
  Builder b{RTM_SETLINK, 0, body};
  b.nest(IFLA_AF_SPEC, [&](Builder& families) {
    families.nest(AF_INET, [&](Builder& ipv4) {
      ipv4.nest(IFLA_INET_CONF, [&](Builder& conf) {
        conf.u32(known->second, static_cast<std::uint32_t>(std::stoul(value)));
      });
    });
  });
  return b.message();
}

Message delete_link(int index) {
  ifinfomsg body{};
  body.ifi_index = index;
  return Builder{RTM_DELLINK, 0, body}.message();
}

Message set_group(int index, std::uint32_t group) {
  ifinfomsg body{};
  body.ifi_index = index;
  return Builder{RTM_SETLINK, 0, body}.u32(IFLA_GROUP, group).message();
}

Message delete_group(std::uint32_t group) {
  return Builder{RTM_DELLINK, 0, ifinfomsg{}}.u32(IFLA_GROUP, group).message();
}

std::vector<Link> links(Socket& socket) {
  std::vector<Link> found;
  socket.ask(
      "list links", Builder{RTM_GETLINK, NLM_F_DUMP, ifinfomsg{}}.message(),
      [&](const nlmsghdr& head) {
        if (auto link = parse_link(head)) found.push_back(std::move(*link));
      },
      [&] { found.clear(); });
  return found;
}

Link link_named(Socket& socket, const std::string& name) {
  std::optional<Link> found;
  Builder b{RTM_GETLINK, 0, ifinfomsg{}};
  b.text(IFLA_IFNAME, name);
  socket.ask("find link " + name, b.message(), [&](const nlmsghdr& head) { found = parse_link(head); });
  if (!found) throw sys::SystemError{"find link " + name, ENODEV};
  return *found;
}

std::optional<Link> parse_link(const nlmsghdr& head) {
  if (head.nlmsg_type != RTM_NEWLINK && head.nlmsg_type != RTM_DELLINK) return std::nullopt;
  const auto& body = *static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&head));
  if (body.ifi_family != AF_UNSPEC) return std::nullopt;  // a bridge's own view of its ports
  const Attributes<IFLA_MAX> attributes{head, sizeof body};
  Link link;
  link.index = body.ifi_index;
  link.name = attributes.text(IFLA_IFNAME);
  if (attributes[IFLA_LINKINFO])
    link.kind = Attributes<IFLA_INFO_MAX>{attributes[IFLA_LINKINFO]}.text(IFLA_INFO_KIND);
  link.alias = attributes.text(IFLA_IFALIAS);
  link.mac = attributes.mac(IFLA_ADDRESS);
  link.master = static_cast<int>(attributes.u32(IFLA_MASTER));
  link.mtu = static_cast<int>(attributes.u32(IFLA_MTU));
  link.up = body.ifi_flags & IFF_UP;
  link.carrier = body.ifi_flags & IFF_RUNNING;
  return link;
}

}  // namespace lblab::nl
