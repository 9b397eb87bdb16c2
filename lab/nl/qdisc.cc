#include "lab/nl/qdisc.hpp"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <limits>

#include "lab/nl/builder.hpp"

namespace lblab::nl {

namespace {

constexpr std::uint32_t handle = 1U << 16;  // "1:"

tcmsg root_of(int link) {
  tcmsg body{};
  body.tcm_ifindex = link;
  body.tcm_parent = TC_H_ROOT;
  return body;
}

/// Probabilities are shares of the largest u32.
std::uint32_t probability(double share) {
  constexpr auto all = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp(share, 0.0, 1.0) * all);
}

}  // namespace

Message set_netem(int link, const Netem& wanted) {
  tcmsg body = root_of(link);
  body.tcm_handle = handle;
  Builder b{RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, body};
  b.text(TCA_KIND, "netem");
  b.nest(TCA_OPTIONS, [&](Builder& options) {
    auto* fixed = options.raw<tc_netem_qopt>();
    *fixed = {};
    fixed->limit = wanted.limit;
    fixed->loss = probability(wanted.loss);
    fixed->duplicate = probability(wanted.duplicate);
    fixed->gap = wanted.reorder > 0 ? 1 : 0;
    // The times of tc_netem_qopt are in ticks and 32 bits wide; these take their place.
    const std::int64_t delay = wanted.delay.count(), jitter = wanted.jitter.count();
    options.put(TCA_NETEM_LATENCY64, &delay, sizeof delay);
    options.put(TCA_NETEM_JITTER64, &jitter, sizeof jitter);
    if (wanted.reorder > 0) {
      const tc_netem_reorder reorder{probability(wanted.reorder), 0};
      options.put(TCA_NETEM_REORDER, &reorder, sizeof reorder);
    }
    if (wanted.rate_bytes > 0) {
      constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
      tc_netem_rate rate{};
      rate.rate = static_cast<std::uint32_t>(std::min(wanted.rate_bytes, most));
      options.put(TCA_NETEM_RATE, &rate, sizeof rate);
      if (wanted.rate_bytes > most)
        options.put(TCA_NETEM_RATE64, &wanted.rate_bytes, sizeof wanted.rate_bytes);
    }
  });
  return b.message();
}

Message delete_qdisc(int link) { return Builder{RTM_DELQDISC, 0, root_of(link)}.message(); }

}  // namespace lblab::nl
