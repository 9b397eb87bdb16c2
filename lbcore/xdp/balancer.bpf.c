/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A load balancer with direct return, as an XDP program: docs/design.md, "The XDP load balancer". What it cannot make
 * out, or what is no service's, passes to the kernel; what it recognizes it sends on or drops, and counts. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "lbcore/xdp/layout.h"

#define INLINE static __always_inline

/* The headers that have these include the C library's, which is not for BPF. */
enum { FAMILY_INET = 2, FAMILY_INET6 = 10 };
enum { ICMP_UNREACHABLE = 3, ICMP_TIME_EXCEEDED = 11, ICMP_PARAMETER_PROBLEM = 12 };
enum { ICMPV6_UNREACHABLE = 1, ICMPV6_PARAMETER_PROBLEM = 4 }; /* the errors are 1 to 4 */
struct icmp_header {
  __u8 type, code;
  __be16 checksum;
  __be32 rest;
};
enum { PROTOCOL_SCTP = 132 };
/* RFC 791: MF and the offset; DF and the reserved bit left out. */
enum { IPV4_FRAGMENTED = 0x3fff, IPV4_OFFSET = 0x1fff, IPV4_DF = 0x4000 };
enum { IPV6_OFFSET_OR_MORE = 0xfff9 };
enum { MAX_IPV6_EXTENSIONS = 6 };
/* RFC 1700: the recommended default. */
enum { OUTER_TTL = 64 };

/* Entries of a Maglev table; the size of the tables follows it when they are made (loader). */
const volatile __u32 modulus = 65537;

struct table {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, 65537 * sizeof(__u32)); /* destination slots */
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct xdp_settings);
} settings SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(max_entries, 8192);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct xdp_service_key);
  __type(value, __u32); /* service slot */
} services SEC(".maps");

/* By service slot; none where no real server has weight. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 4096);
  __uint(key_size, sizeof(__u32));
  __array(values, struct table);
} tables SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 65536);
  __type(key, __u32);
  __type(value, struct xdp_destination);
} destinations SEC(".maps");

/* Connections. Each CPU has its own list of what was least recently used and its own share of the entries, so that CPUs
 * do not wait for each other, but all see the entries of all: on a veth a flow runs on the sender's CPU, which changes. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 262144);
  __uint(map_flags, BPF_F_NO_COMMON_LRU);
  __type(key, struct xdp_flow4);
  __type(value, struct xdp_choice);
} flows4 SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __uint(map_flags, BPF_F_NO_COMMON_LRU);
  __type(key, struct xdp_flow6);
  __type(value, struct xdp_choice);
} flows6 SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 4096);
  __type(key, __u32);
  __type(value, struct xdp_traffic);
} service_traffic SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 65536);
  __type(key, __u32);
  __type(value, struct xdp_traffic);
} destination_traffic SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, XDP_EVENTS);
  __type(key, __u32);
  __type(value, __u64);
} events SEC(".maps");

/* Of constant even length; the compiler would call memcmp, which there is not. */
INLINE int same(const void *a, const void *b, __u32 bytes) {
  const __u16 *x = a, *y = b;
  __u16 difference = 0;
#pragma unroll
  for (__u32 i = 0; i < bytes / sizeof *x; ++i) difference |= x[i] ^ y[i];
  return !difference;
}

/* ---- counting */

INLINE void event(__u32 which) {
  __u64 *count = bpf_map_lookup_elem(&events, &which);
  if (count) ++*count;
}

INLINE int drop(__u32 why) {
  event(why);
  return XDP_DROP;
}

INLINE void add(struct xdp_traffic *traffic, __u32 bytes) {
  if (!traffic) return;
  ++traffic->packets;
  traffic->bytes += bytes;
}

INLINE void count(__u32 service, __u32 destination, __u32 bytes) {
  add(bpf_map_lookup_elem(&service_traffic, &service), bytes);
  add(bpf_map_lookup_elem(&destination_traffic, &destination), bytes);
}

/* ---- choosing a real server */

/* Multiplications spread a word's bits upwards; the shifts bring them down again. The same in every load balancer. */
INLINE __u64 mix(__u64 hash, __u64 word) {
  hash = (hash ^ word) * 0x9fb21c651e98df25ULL;
  return hash ^ (hash >> 32);
}

INLINE __u32 finish(__u64 hash) {
  hash = (hash ^ (hash >> 28)) * 0x9fb21c651e98df25ULL;
  return hash >> 32;
}

INLINE __u64 words(__u32 high, __u32 low) { return (__u64)high << 32 | low; }

INLINE __u32 hash4(const struct xdp_flow4 *f) {
  __u64 hash = mix(f->protocol, words(f->client, f->service));
  return finish(mix(hash, words(f->client_port, f->service_port)));
}

INLINE __u32 hash6(const struct xdp_flow6 *f) {
  __u64 hash = mix(f->protocol, words(f->client[0], f->client[1]));
  hash = mix(hash, words(f->client[2], f->client[3]));
  hash = mix(hash, words(f->service[0], f->service[1]));
  hash = mix(hash, words(f->service[2], f->service[3]));
  return finish(mix(hash, words(f->client_port, f->service_port)));
}

/* What is known of a packet before its real server is. */
struct packet {
  __u32 length; /* of the IP packet */
  __u8 begins;  /* a TCP SYN: of a new connection, so nothing is remembered of it */
  __u8 ends;    /* a TCP FIN or RST */
  __u8 quoted;  /* an ICMP error: what it quotes says who gets it, and nothing is to be remembered */
};

/* A real server and where it stands. */
struct chosen {
  __u32 slot;
  struct xdp_destination *destination;
};

INLINE __u32 *service_of(struct xdp_service_key *key) {
  __u32 *service = bpf_map_lookup_elem(&services, key);
  if (service) return service;
  key->port = 0;
  return bpf_map_lookup_elem(&services, key);
}

INLINE __u32 seen_now(const struct packet *packet) {
  return packet->ends ? XDP_ENDED : (__u32)(bpf_ktime_get_coarse_ns() >> XDP_SEEN_SHIFT) + 1;
}

/* Writes once a second at most: the entry's cache line stays shared. */
INLINE void see(struct xdp_choice *choice, const struct packet *packet) {
  if (packet->quoted || choice->seen == XDP_ENDED) return;
  const __u32 seen = seen_now(packet);
  if (choice->seen != seen) choice->seen = seen;
}

INLINE int remembered(struct xdp_choice *choice, const struct packet *packet, struct chosen *chosen) {
  if (!choice) return 0;
  chosen->slot = choice->destination;
  chosen->destination = bpf_map_lookup_elem(&destinations, &chosen->slot);
  if (!chosen->destination || chosen->destination->generation != choice->generation ||
      chosen->destination->forwarding == XDP_FREE)
    return 0;
  see(choice, packet);
  return 1;
}

INLINE int look_up(__u32 service, __u32 hash, struct chosen *chosen) {
  const __u32 only = 0;
  void *table = bpf_map_lookup_elem(&tables, &service);
  if (!table) return 0;
  const __u32 *entries = bpf_map_lookup_elem(table, &only);
  if (!entries) return 0;
  /* A number below 2^32 scaled to one below the modulus: cheaper than a remainder, and as even. The compiler would join
   * the shift with the one for the entries' size, and the verifier no longer see that bound. */
  __u64 entry = (__u64)hash * modulus >> 32;
  asm volatile("" : "+r"(entry));
  chosen->slot = entries[entry];
  chosen->destination = bpf_map_lookup_elem(&destinations, &chosen->slot);
  return chosen->destination && chosen->destination->forwarding != XDP_FREE;
}

INLINE struct xdp_choice choice_of(const struct chosen *chosen, const struct packet *packet) {
  struct xdp_choice choice = {chosen->slot, chosen->destination->generation, seen_now(packet)};
  return choice;
}

enum verdict { OURS, NOT_OURS, NO_SERVER };

INLINE enum verdict choose4(const struct packet *packet, const struct xdp_flow4 *flow, struct chosen *chosen) {
  if (!packet->begins && remembered(bpf_map_lookup_elem(&flows4, flow), packet, chosen)) return OURS;
  struct xdp_service_key key = {
      .prefix_length = XDP_SERVICE_FIXED_BITS + 32,
      .port = flow->service_port,
      .protocol = flow->protocol,
      .kind = XDP_IPV4,
  };
  __builtin_memcpy(key.address, &flow->service, 4);
  const __u32 *service = service_of(&key);
  if (!service) return NOT_OURS;
  if (!look_up(*service, hash4(flow), chosen)) return NO_SERVER;
  if (packet->quoted) return OURS;
  const struct xdp_choice choice = choice_of(chosen, packet);
  bpf_map_update_elem(&flows4, flow, &choice, BPF_ANY);
  event(XDP_EVENT_CHOSEN);
  return OURS;
}

INLINE enum verdict choose6(const struct packet *packet, const struct xdp_flow6 *flow, struct chosen *chosen) {
  if (!packet->begins && remembered(bpf_map_lookup_elem(&flows6, flow), packet, chosen)) return OURS;
  struct xdp_service_key key = {
      .prefix_length = XDP_SERVICE_FIXED_BITS + 128,
      .port = flow->service_port,
      .protocol = flow->protocol,
      .kind = XDP_IPV6,
  };
  __builtin_memcpy(key.address, flow->service, 16);
  const __u32 *service = service_of(&key);
  if (!service) return NOT_OURS;
  if (!look_up(*service, hash6(flow), chosen)) return NO_SERVER;
  if (packet->quoted) return OURS;
  const struct xdp_choice choice = choice_of(chosen, packet);
  bpf_map_update_elem(&flows6, flow, &choice, BPF_ANY);
  event(XDP_EVENT_CHOSEN);
  return OURS;
}

/* ---- where to send */

struct way {
  __u32 link;
  __u8 source[ETH_ALEN], destination[ETH_ALEN];
};

/* XDP_PASS: the way is found; anything else is what becomes of the packet. */
INLINE int by_fib(struct xdp_md *ctx, struct bpf_fib_lookup *fib, struct way *way) {
  fib->ifindex = ctx->ingress_ifindex;
  switch (bpf_fib_lookup(ctx, fib, sizeof *fib, 0)) {
    case BPF_FIB_LKUP_RET_SUCCESS:
      break;
    case BPF_FIB_LKUP_RET_FRAG_NEEDED:
      return drop(XDP_EVENT_TOO_BIG);
    case BPF_FIB_LKUP_RET_NO_NEIGH:
      return drop(XDP_EVENT_NO_NEIGHBOUR);
    default:
      return drop(XDP_EVENT_UNREACHABLE);
  }
  way->link = fib->ifindex;
  __builtin_memcpy(way->source, fib->smac, ETH_ALEN);
  __builtin_memcpy(way->destination, fib->dmac, ETH_ALEN);
  return XDP_PASS;
}

/* By the MAC address that is configured, back to where packets come from. */
INLINE int by_mac(struct xdp_md *ctx, const struct xdp_settings *own, const struct xdp_destination *to, __u32 length,
                  struct way *way) {
  if (length > own->mtu) return drop(XDP_EVENT_TOO_BIG);
  way->link = ctx->ingress_ifindex;
  __builtin_memcpy(way->source, own->mac, ETH_ALEN);
  __builtin_memcpy(way->destination, to->mac, ETH_ALEN);
  return XDP_PASS;
}

INLINE int find_way4(struct xdp_md *ctx, const struct xdp_settings *own, const struct xdp_destination *to,
                     __u32 length, __u8 tos, struct way *way) {
  if (to->has_mac) return by_mac(ctx, own, to, length, way);
  struct bpf_fib_lookup fib = {.family = FAMILY_INET, .tot_len = length, .ipv4_src = own->source4, .tos = tos};
  __u32 address;
  __builtin_memcpy(&address, to->address, 4);
  fib.ipv4_dst = address;
  const int found = by_fib(ctx, &fib, way);
  if (found != XDP_PASS) return found;
  /* The lookup leaves the next hop here: a gateway would route the packet by the service's address, back to us. */
  if (to->forwarding == XDP_DIRECT && fib.ipv4_dst != address) return drop(XDP_EVENT_UNREACHABLE);
  return XDP_PASS;
}

INLINE int find_way6(struct xdp_md *ctx, const struct xdp_settings *own, const struct xdp_destination *to,
                     __u32 length, struct way *way) {
  if (to->has_mac) return by_mac(ctx, own, to, length, way);
  struct bpf_fib_lookup fib = {.family = FAMILY_INET6, .tot_len = length};
  __builtin_memcpy(fib.ipv6_src, own->source6, 16);
  __builtin_memcpy(fib.ipv6_dst, to->address, 16);
  const int found = by_fib(ctx, &fib, way);
  if (found != XDP_PASS) return found;
  if (to->forwarding == XDP_DIRECT && !same(fib.ipv6_dst, to->address, 16))
    return drop(XDP_EVENT_UNREACHABLE);
  return XDP_PASS;
}

INLINE void address_frame(struct ethhdr *ethernet, const struct way *way, __be16 protocol) {
  __builtin_memcpy(ethernet->h_dest, way->destination, ETH_ALEN);
  __builtin_memcpy(ethernet->h_source, way->source, ETH_ALEN);
  ethernet->h_proto = protocol;
}

INLINE int send(struct xdp_md *ctx, const struct way *way) {
  if (way->link == ctx->ingress_ifindex) return XDP_TX;
  return bpf_redirect(way->link, 0);
}

/* ---- sending */

/* RFC 1624, equation 3, for a TTL that is one less: HC' = ~(~HC + ~m + m'), where m and m' differ by 0x0100. */
INLINE void decrement_ttl(struct iphdr *ip) {
  __u32 sum = ip->check + bpf_htons(0x0100);
  ip->check = sum + (sum >= 0xffff);
  --ip->ttl;
}

INLINE __u16 header_checksum(const struct iphdr *ip) {
  const __u16 *words = (const void *)ip;
  __u32 sum = 0;
#pragma unroll
  for (unsigned i = 0; i < sizeof *ip / sizeof *words; ++i) sum += words[i];
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return ~sum;
}

INLINE int forward4(struct xdp_md *ctx, const struct packet *packet, const struct chosen *chosen) {
  const __u32 only = 0;
  const struct xdp_settings *own = bpf_map_lookup_elem(&settings, &only);
  if (!own) return XDP_PASS;
  const struct xdp_destination *to = chosen->destination;
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  struct ethhdr *ethernet = data;
  struct iphdr *ip = data + sizeof *ethernet;
  if ((void *)(ip + 1) > end) return XDP_PASS;
  if (ip->ttl <= 1) return drop(XDP_EVENT_TTL);

  const int tunnel = to->forwarding == XDP_TUNNEL;
  const __u32 length = packet->length + (tunnel ? sizeof *ip : 0);
  struct way way;
  const int found = find_way4(ctx, own, to, length, ip->tos, &way);
  if (found != XDP_PASS) return found;

  decrement_ttl(ip);
  if (tunnel) {
    /* RFC 2003, 3.1, and RFC 6040, 4.1 (normal mode): type of service and ECN as inside; DF, since we do not
     * fragment; a packet that cannot be a fragment needs no identification (RFC 6864). */
    struct iphdr outer = {
        .version = 4,
        .ihl = 5,
        .tos = ip->tos,
        .tot_len = bpf_htons(length),
        .frag_off = bpf_htons(IPV4_DF),
        .ttl = OUTER_TTL,
        .protocol = IPPROTO_IPIP,
        .saddr = own->source4,
    };
    __builtin_memcpy(&outer.daddr, to->address, 4);
    outer.check = header_checksum(&outer);
    if (bpf_xdp_adjust_head(ctx, -(int)sizeof outer)) return drop(XDP_EVENT_NO_HEADROOM);
    ethernet = (void *)(long)ctx->data;
    ip = (void *)(ethernet + 1);
    if ((void *)(ip + 1) > (void *)(long)ctx->data_end) return XDP_DROP;
    *ip = outer;
  }
  address_frame(ethernet, &way, bpf_htons(ETH_P_IP));
  count(to->service, chosen->slot, packet->length);
  if (packet->quoted) event(XDP_EVENT_ICMP_ERROR);
  return send(ctx, &way);
}

INLINE int forward6(struct xdp_md *ctx, const struct packet *packet, const struct chosen *chosen) {
  const __u32 only = 0;
  const struct xdp_settings *own = bpf_map_lookup_elem(&settings, &only);
  if (!own) return XDP_PASS;
  const struct xdp_destination *to = chosen->destination;
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  struct ethhdr *ethernet = data;
  struct ipv6hdr *ip = data + sizeof *ethernet;
  if ((void *)(ip + 1) > end) return XDP_PASS;
  if (ip->hop_limit <= 1) return drop(XDP_EVENT_TTL);

  const int tunnel = to->forwarding == XDP_TUNNEL;
  const __u32 length = packet->length + (tunnel ? sizeof *ip : 0);
  struct way way;
  const int found = find_way6(ctx, own, to, length, &way);
  if (found != XDP_PASS) return found;

  --ip->hop_limit;
  if (tunnel) {
    /* RFC 2473, 3.1 and 6.4; traffic class with ECN as inside (RFC 6040); no flow label. */
    struct ipv6hdr outer = {
        .version = 6,
        .priority = ip->priority,
        .flow_lbl = {ip->flow_lbl[0] & 0xf0},
        .payload_len = bpf_htons(packet->length),
        .nexthdr = IPPROTO_IPV6,
        .hop_limit = OUTER_TTL,
    };
    __builtin_memcpy(&outer.saddr, own->source6, 16);
    __builtin_memcpy(&outer.daddr, to->address, 16);
    if (bpf_xdp_adjust_head(ctx, -(int)sizeof outer)) return drop(XDP_EVENT_NO_HEADROOM);
    ethernet = (void *)(long)ctx->data;
    ip = (void *)(ethernet + 1);
    if ((void *)(ip + 1) > (void *)(long)ctx->data_end) return XDP_DROP;
    *ip = outer;
  }
  address_frame(ethernet, &way, bpf_htons(ETH_P_IPV6));
  count(to->service, chosen->slot, packet->length);
  if (packet->quoted) event(XDP_EVENT_ICMP_ERROR);
  return send(ctx, &way);
}

/* ---- reading packets */

struct ports {
  __be16 source, destination;
};

/* What the shortest header of the protocol has; 0: not one that is balanced. */
INLINE __u32 shortest_header(__u8 protocol) {
  switch (protocol) {
    case IPPROTO_TCP:
      return 20;
    case IPPROTO_UDP:
      return 8;
    case PROTOCOL_SCTP:
      return 12;
    default:
      return 0;
  }
}

/* SYN without ACK, of a header that is known to be there. */
INLINE int begins(const struct tcphdr *tcp) { return tcp->syn && !tcp->ack; }
INLINE int ends(const struct tcphdr *tcp) { return tcp->fin || tcp->rst; }

/* The ports of a segment, the length of which the IP header gives; 0 if it is cut short. */
INLINE int read_ports(void *segment, void *end, __u32 length, __u8 protocol, struct ports *ports,
                      struct packet *packet) {
  if (length < shortest_header(protocol)) return 0;
  if (protocol == IPPROTO_TCP) {
    if (segment + sizeof(struct tcphdr) > end) return 0;
    packet->begins = begins(segment);
    packet->ends = ends(segment);
  }
  if (segment + sizeof *ports > end) return 0;
  *ports = *(struct ports *)segment;
  return 1;
}

INLINE int fragment(__u8 kind, __u8 protocol, const void *address, __u32 size) {
  struct xdp_service_key key = {
      .prefix_length = XDP_SERVICE_FIXED_BITS + size * 8, .protocol = protocol, .kind = kind | XDP_FRAGMENTS};
  __builtin_memcpy(key.address, address, size);
  return bpf_map_lookup_elem(&services, &key) ? drop(XDP_EVENT_FRAGMENT) : XDP_PASS;
}

/* The flow of an ICMP error: an answer of the service that did not arrive, so the service is the quoted source. */
INLINE int read_quoted4(const struct iphdr *ip, void *icmp, void *end, struct xdp_flow4 *flow) {
  const struct icmp_header *error = icmp;
  if ((void *)(error + 1) > end) return 0;
  if (error->type != ICMP_UNREACHABLE && error->type != ICMP_TIME_EXCEEDED && error->type != ICMP_PARAMETER_PROBLEM)
    return 0;
  const struct iphdr *quoted = (void *)(error + 1);
  if ((void *)(quoted + 1) > end || quoted->version != 4 || quoted->ihl < 5) return 0;
  if (quoted->saddr != ip->daddr || quoted->frag_off & bpf_htons(IPV4_OFFSET)) return 0;
  if (!shortest_header(quoted->protocol)) return 0;
  const struct ports *ports = (void *)quoted + quoted->ihl * 4;
  if ((void *)(ports + 1) > end) return 0;
  flow->client = quoted->daddr;
  flow->service = quoted->saddr;
  flow->client_port = ports->destination;
  flow->service_port = ports->source;
  flow->protocol = quoted->protocol;
  return 1;
}

INLINE int balance4(struct xdp_md *ctx, struct iphdr *ip, void *end) {
  if ((void *)(ip + 1) > end || ip->version != 4 || ip->ihl < 5) return XDP_PASS;
  const __u32 header = ip->ihl * 4, total = bpf_ntohs(ip->tot_len);
  if (total < header || total > (__u64)(end - (void *)ip)) return XDP_PASS;
  if (ip->frag_off & bpf_htons(IPV4_FRAGMENTED)) return fragment(XDP_IPV4, ip->protocol, &ip->daddr, 4);

  struct packet packet = {.length = total};
  struct xdp_flow4 flow = {.client = ip->saddr, .service = ip->daddr, .protocol = ip->protocol};
  void *payload = (void *)ip + header;
  if (ip->protocol == IPPROTO_ICMP) {
    if (!read_quoted4(ip, payload, end, &flow)) return XDP_PASS;
    packet.quoted = 1;
  } else {
    struct ports ports;
    if (!shortest_header(ip->protocol) ||
        !read_ports(payload, end, total - header, ip->protocol, &ports, &packet))
      return XDP_PASS;
    flow.client_port = ports.source;
    flow.service_port = ports.destination;
  }
  struct chosen chosen;
  switch (choose4(&packet, &flow, &chosen)) {
    case OURS:
      return forward4(ctx, &packet, &chosen);
    case NO_SERVER:
      return drop(XDP_EVENT_NO_SERVER);
    default:
      return XDP_PASS;
  }
}

INLINE int read_quoted6(const struct ipv6hdr *ip, void *icmp, void *end, struct xdp_flow6 *flow) {
  const struct icmp_header *error = icmp;
  if ((void *)(error + 1) > end) return 0;
  if (error->type < ICMPV6_UNREACHABLE || error->type > ICMPV6_PARAMETER_PROBLEM) return 0;
  const struct ipv6hdr *quoted = (void *)(error + 1);
  if ((void *)(quoted + 1) > end || quoted->version != 6) return 0;
  if (!same(&quoted->saddr, &ip->daddr, 16) || !shortest_header(quoted->nexthdr)) return 0;
  const struct ports *ports = (void *)(quoted + 1);
  if ((void *)(ports + 1) > end) return 0;
  __builtin_memcpy(flow->client, &quoted->daddr, 16);
  __builtin_memcpy(flow->service, &quoted->saddr, 16);
  flow->client_port = ports->destination;
  flow->service_port = ports->source;
  flow->protocol = quoted->nexthdr;
  return 1;
}

/* Any extension header begins so (RFC 8200, 4); of a fragment header, `length` is reserved, and the offset follows. */
struct extension {
  __u8 next, length, type, segments_left;
};

/* What follows the extension headers: its protocol and its offset from the IP header. */
struct upper {
  __u32 offset;
  __u8 protocol;
  __u8 fragment;
};

INLINE int skip_extensions(const struct ipv6hdr *ip, void *end, struct upper *upper) {
  upper->protocol = ip->nexthdr;
  upper->offset = sizeof *ip;
  upper->fragment = 0;
#pragma unroll
  for (int i = 0; i < MAX_IPV6_EXTENSIONS; ++i) {
    const __u8 protocol = upper->protocol;
    if (shortest_header(protocol) || protocol == IPPROTO_ICMPV6) return 1;
    const struct extension *header = (void *)ip + upper->offset;
    if ((void *)(header + 1) > end) return 0;
    __u32 length = (header->length + 1) * 8;
    if (protocol == IPPROTO_FRAGMENT) {
      const __be16 *offset = (void *)&header->type;
      upper->fragment = (*offset & bpf_htons(IPV6_OFFSET_OR_MORE)) != 0; /* RFC 6946: else one that is whole */
      upper->protocol = header->next;
      if (upper->fragment) return 1;
      length = 8;
    } else if (protocol == IPPROTO_ROUTING) {
      if (header->segments_left) return 0;
    } else if (protocol != IPPROTO_HOPOPTS && protocol != IPPROTO_DSTOPTS) {
      return 0;
    }
    upper->protocol = header->next;
    upper->offset += length;
  }
  return shortest_header(upper->protocol) || upper->protocol == IPPROTO_ICMPV6;
}

INLINE int balance6(struct xdp_md *ctx, struct ipv6hdr *ip, void *end) {
  if ((void *)(ip + 1) > end || ip->version != 6) return XDP_PASS;
  const __u32 total = sizeof *ip + bpf_ntohs(ip->payload_len);
  if (total > (__u64)(end - (void *)ip)) return XDP_PASS;
  struct upper upper;
  if (!skip_extensions(ip, end, &upper)) return XDP_PASS;
  if (upper.fragment) return fragment(XDP_IPV6, upper.protocol, &ip->daddr, 16);
  if (total < upper.offset) return XDP_PASS;

  struct packet packet = {.length = total};
  struct xdp_flow6 flow = {.protocol = upper.protocol};
  void *payload = (void *)ip + upper.offset;
  if (upper.protocol == IPPROTO_ICMPV6) {
    if (!read_quoted6(ip, payload, end, &flow)) return XDP_PASS;
    packet.quoted = 1;
  } else {
    struct ports ports;
    if (!read_ports(payload, end, total - upper.offset, upper.protocol, &ports, &packet)) return XDP_PASS;
    __builtin_memcpy(flow.client, &ip->saddr, 16);
    __builtin_memcpy(flow.service, &ip->daddr, 16);
    flow.client_port = ports.source;
    flow.service_port = ports.destination;
  }
  struct chosen chosen;
  switch (choose6(&packet, &flow, &chosen)) {
    case OURS:
      return forward6(ctx, &packet, &chosen);
    case NO_SERVER:
      return drop(XDP_EVENT_NO_SERVER);
    default:
      return XDP_PASS;
  }
}

/* Frames to others come here too: a bridge floods what it has not learnt, and each of several load balancers would send
 * it on. */
INLINE int is_ours(const struct ethhdr *ethernet) {
  const __u32 only = 0;
  const struct xdp_settings *own = bpf_map_lookup_elem(&settings, &only);
  return own && same(ethernet->h_dest, own->mac, ETH_ALEN);
}

INLINE int balance(struct xdp_md *ctx) {
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  struct ethhdr *ethernet = data;
  if ((void *)(ethernet + 1) > end || !is_ours(ethernet)) return XDP_PASS;
  switch (ethernet->h_proto) {
    case bpf_htons(ETH_P_IP):
      return balance4(ctx, (void *)(ethernet + 1), end);
    case bpf_htons(ETH_P_IPV6):
      return balance6(ctx, (void *)(ethernet + 1), end);
    default:
      return XDP_PASS;
  }
}

SEC("xdp")
int xdp_balancer(struct xdp_md *ctx) { return balance(ctx); }

char program_license[] SEC("license") = "Dual BSD/GPL";
