/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The load balancer in programs that can be repeated on one packet, since they undo what they did to it. */
#include "lbcore/xdp/balancer.bpf.c"

/* What the balancer changes of a packet without options in a tunnel: an outer header, the TTL and its checksum. */
INLINE int undo(struct xdp_md *ctx) {
  if (bpf_xdp_adjust_head(ctx, sizeof(struct iphdr))) return XDP_ABORTED;
  struct ethhdr *ethernet = (void *)(long)ctx->data;
  struct iphdr *ip = (void *)(ethernet + 1);
  if ((void *)(ip + 1) > (void *)(long)ctx->data_end) return XDP_ABORTED;
  struct way back = {};
  const __u32 only = 0;
  const struct xdp_settings *own = bpf_map_lookup_elem(&settings, &only);
  if (!own) return XDP_ABORTED;
  __builtin_memcpy(back.destination, own->mac, ETH_ALEN);
  address_frame(ethernet, &back, bpf_htons(ETH_P_IP));
  ++ip->ttl;
  __u32 sum = ip->check + bpf_htons(0xfeff);
  ip->check = sum + (sum >> 16);
  return XDP_TX;
}

SEC("xdp")
int balance_and_undo(struct xdp_md *ctx) {
  const int verdict = balance(ctx);
  if (verdict != XDP_TX) return verdict;
  return undo(ctx);
}

/* The same without balancing: what the undoing costs. */
SEC("xdp")
int do_and_undo(struct xdp_md *ctx) {
  if (bpf_xdp_adjust_head(ctx, -(int)sizeof(struct iphdr))) return XDP_ABORTED;
  return undo(ctx);
}

SEC("xdp")
int empty(struct xdp_md *ctx __attribute__((unused))) { return XDP_TX; }
