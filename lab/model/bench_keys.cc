#include "lab/model/key_tables.hpp"

namespace lblab::model {

std::vector<Key> bench_keys() {
  constexpr std::int64_t second = 1'000, hour = 3'600 * second;
  constexpr std::int64_t most_values = 64;
  return {
      {.path = "bench",
       .type = Type::map,
       .max = 50,
       .meaning =
           "What `lblab bench` measures, by name. Each brings up the topology in several variants, side "
           "by side in one kernel, and loads them in turn, round by round."},
      {.path = "bench.*", .type = Type::object, .meaning = "One matrix of variants."},
      {.path = "bench.*.about",
       .type = Type::text,
       .max = 1024,
       .example = "Throughput by kind.",
       .meaning = "The title of its plots."},
      {.path = "bench.*.figure",
       .type = Type::one_or_list,
       .min = 1,
       .max = 4,
       .meaning =
           "The papers' figures that it repeats, in quotes: one, or one for each of `measure`. The files are "
           "named after them."},
      {.path = "bench.*.figure[]", .type = Type::word, .max = 16, .example = "4.6", .meaning = "One figure."},
      {.path = "bench.*.service",
       .type = Type::label,
       .max = 32,
       .example = "web",
       .meaning = "The service that is asked; may be left out where there is one."},
      {.path = "bench.*.vary",
       .type = Type::map,
       .names = Type::word,
       .required = true,
       .max = 255,
       .example = "{kind: [direct, ipvs]}",
       .meaning =
           "What differs: every combination of the values is a variant, at most 24. `kind`, `forwarding`, "
           "`in`, `scheduler` and `load-balancers` are the keys of the service's load balancers, `pods` is "
           "the "
           "number of its pods, `overlay` the backend. `rps` and `rss` are set on all interfaces of all "
           "hosts: "
           "`rps: 2` steers to the processors 0 and 1, `rss: 2` makes so many queues; 0 leaves it. Anything "
           "else is a key of the topology, written with "
           "dots: `nodes.router.bgp.groups`. The kind `direct` has no load balancer: the client asks the "
           "first pod itself. A kind may have its forwarding mode with it, and where it is: `ipvs-tunnel`, "
           "`ipvs-nat-in-node`. Plots run along the first of those whose values are several whole numbers."},
      {.path = "bench.*.vary.*",
       .type = Type::one_or_list,
       .min = 1,
       .max = most_values,
       .meaning = "The values, each once."},
      {.path = "bench.*.vary.*[]",
       .type = Type::text,
       .max = 256,
       .example = "ipvs",
       .meaning = "One value."},
      {.path = "bench.*.set",
       .type = Type::map,
       .names = Type::word,
       .max = 255,
       .meaning = "Keys of the topology, written with dots, and what they are in all variants."},
      {.path = "bench.*.set.*",
       .type = Type::text,
       .max = 4096,
       .example = "50mbit",
       .meaning = "The key's value."},
      {.path = "bench.*.measure",
       .type = Type::one_or_list,
       .min = 1,
       .max = 4,
       .meaning = "What is drawn and compared; without, `throughput`. `latency` has runs of its own."},
      {.path = "bench.*.measure[]",
       .type = Type::choice,
       .allowed = {"throughput", "cpu", "latency", "bytes"},
       .example = "throughput",
       .meaning =
           "`throughput`: requests a second, as many as wrk can have answered. `cpu`: what the kernel "
           "accounted for one of them, of all CPUs. `latency`: of requests at a constant rate, a connection "
           "each. `bytes`: of a connection of 100 requests, what leaves the first load balancer's node by "
           "its "
           "first interface (or, without a load balancer, the first pod's node), with all that Ethernet "
           "adds, "
           "counted from a capture."},
      {.path = "bench.*.load", .type = Type::object, .meaning = "What the client sends."},
      {.path = "bench.*.load.connections",
       .type = Type::integer,
       .fallback = "20",
       .min = 1,
       .max = 10'000,
       .meaning = "Connections of wrk, all at once, each with one request at a time."},
      {.path = "bench.*.load.threads",
       .type = Type::integer,
       .fallback = "1",
       .min = 1,
       .max = 64,
       .meaning = "Threads of wrk; not more than connections."},
      {.path = "bench.*.load.time",
       .type = Type::whole_seconds,
       .fallback = "3s",
       .min = second,
       .max = hour,
       .meaning = "How long a variant is loaded in each round."},
      {.path = "bench.*.load.warm",
       .type = Type::whole_seconds,
       .fallback = "1s",
       .min = second,
       .max = hour,
       .meaning = "How long each is loaded before the first round; that is not counted."},
      {.path = "bench.*.load.rate",
       .type = Type::integer,
       .fallback = "100",
       .min = 1,
       .max = 10'000,
       .meaning = "Requests a second, for `latency`."},
      {.path = "bench.*.rounds",
       .type = Type::integer,
       .fallback = "5",
       .min = 1,
       .max = 1'000,
       .meaning =
           "How often each variant is loaded. Ratios are of one round, confidence intervals over all."},
      {.path = "bench.*.baseline",
       .type = Type::text,
       .max = 1024,
       .example = "ipvs.1",
       .meaning = "The variant that ratios are to, its values with dots between; without, the first."},
      {.path = "bench.*.paper",
       .type = Type::object,
       .meaning = "What somebody else measured. Only ratios to their baseline are compared."},
      {.path = "bench.*.paper.source",
       .type = Type::text,
       .required = true,
       .max = 256,
       .example = "Figure 4.6",
       .meaning = "Where it is from."},
      {.path = "bench.*.paper.at",
       .type = Type::one_or_list,
       .min = 1,
       .max = most_values,
       .meaning = "Where along the plot their figures are; without, at the bench's own values."},
      {.path = "bench.*.paper.at[]",
       .type = Type::integer,
       .max = 1'000'000'000'000,
       .example = "8",
       .meaning = "As the values along which the plot runs."},
      {.path = "bench.*.paper.figures",
       .type = Type::map,
       .names = Type::word,
       .required = true,
       .max = 255,
       .example = "{ipvs: 190000}",
       .meaning = "By series: the values of a variant with dots between, without that along which the plot "
                  "runs; that key's name where it is the only one."},
      {.path = "bench.*.paper.figures.*",
       .type = Type::one_or_list,
       .min = 1,
       .max = most_values,
       .meaning = "The figure, or one for each value along which the plot runs, or for each of `at`."},
      {.path = "bench.*.paper.figures.*[]",
       .type = Type::integer,
       .min = 1,
       .max = 1'000'000'000'000,
       .example = "189763",
       .meaning = "In any unit; the same for all."},
  };
}

}  // namespace lblab::model
