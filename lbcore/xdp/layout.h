/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Keys and values of the maps that the program in the kernel and lbcore share. Compiled as C for BPF and as C++. Numbers
 * are in the machine's order unless their type is __be; there is no hidden padding (keys are compared byte by byte). */
#ifndef LBCORE_XDP_LAYOUT_H
#define LBCORE_XDP_LAYOUT_H

#include <linux/types.h>

/* To be raised with every change below, or of what a field means: maps of another layout are not adopted. */
#define XDP_LAYOUT 3

enum { XDP_IPV4 = 4, XDP_IPV6 = 6, XDP_FRAGMENTS = 0x80 };

/* A service. The prefix length counts from `port` on, so that port, protocol and kind always match as a whole. Port 0:
 * those that no service with their own port takes. With XDP_FRAGMENTS in `kind` (and port 0) it says whose fragments are
 * dropped. IPv4 addresses are followed by zeros. */
struct xdp_service_key {
  __u32 prefix_length;
  __be16 port;
  __u8 protocol;
  __u8 kind;
  __u8 address[16];
};
enum { XDP_SERVICE_FIXED_BITS = 32 };

enum { XDP_FREE = 0, XDP_TUNNEL = 1, XDP_DIRECT = 2 };

/* A real server of one service. A connection remembers the slot and its generation, which changes when the slot is taken
 * by another: what was remembered of the one before then counts no more. */
struct xdp_destination {
  __u32 generation;
  __u16 service;
  __u16 weight; /* for the next load balancer; packets go by the tables that were made of it */
  __u8 address[16];
  __u8 forwarding;
  __u8 has_mac; /* `mac` is where to send, on the link that packets come from; else the FIB says */
  __u8 mac[6];
};

struct xdp_settings {
  __u32 layout;
  __u32 mtu; /* of the interface */
  __be32 source4;
  __u8 mac[6]; /* of the interface: frames to others are not ours */
  __u16 unused;
  __u8 source6[16];
};

struct xdp_flow4 {
  __be32 client, service;
  __be16 client_port, service_port;
  __u32 protocol;
};
struct xdp_flow6 {
  __be32 client[4], service[4];
  __be16 client_port, service_port;
  __u32 protocol;
};
/* `seen`: when the client sent something last, in units of 2^30 ns of CLOCK_MONOTONIC, and one more, so that it is not
 * XDP_ENDED: the client has ended the connection, and nothing but a SYN begins another. */
struct xdp_choice {
  __u32 destination, generation;
  __u32 seen;
};
enum { XDP_SEEN_SHIFT = 30, XDP_ENDED = 0 };

struct xdp_traffic {
  __u64 packets, bytes; /* IP packets as they came, without Ethernet */
};

/* Counted apart from what services and real servers forward. */
enum xdp_event {
  XDP_EVENT_CHOSEN,       /* forwarded, but not as remembered: the table was asked */
  XDP_EVENT_ICMP_ERROR,   /* an ICMP error forwarded to the server of the flow that it quotes */
  XDP_EVENT_FRAGMENT,     /* dropped from here on: a fragment */
  XDP_EVENT_TTL,          /* TTL or hop limit used up */
  XDP_EVENT_NO_SERVER,    /* the service has no real server with weight */
  XDP_EVENT_TOO_BIG,      /* longer than the way to the real server carries */
  XDP_EVENT_NO_NEIGHBOUR, /* the next hop's MAC address is not known */
  XDP_EVENT_UNREACHABLE,  /* no route; or direct, and the real server is not on the link */
  XDP_EVENT_NO_HEADROOM,  /* the driver left no room for an outer header */
  XDP_EVENTS
};

#endif
