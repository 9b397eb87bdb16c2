#include <algorithm>
#include <iterator>

#include "lab/model/key_tables.hpp"

namespace lblab::model {
namespace {

constexpr std::int64_t second = 1'000, hour = 3'600 * second;
constexpr std::int64_t longest_name = 63;

/// A node or a pod, or what else the meaning says.
Key name(std::string_view path, std::string_view example, std::string_view meaning, bool required = true) {
  return {.path = path,
          .type = Type::label,
          .required = required,
          .max = longest_name,
          .example = example,
          .meaning = meaning};
}

Key in(std::string_view path) { return name(path, "web-lb-1", "A node or a pod."); }

Key process(std::string_view path, bool required = false) {
  return {.path = path,
          .type = Type::text,
          .required = required,
          .max = 256,
          .example = "exabgp",
          .meaning = required ? "The process's name." : "The process's name; without it, all of the host's."};
}

/// An action whose value is the host that it is done to.
Key deed(std::string_view path, std::string_view example, std::string_view meaning) {
  return {.path = path,
          .type = Type::label,
          .max = longest_name,
          .group = "action",
          .example = example,
          .meaning = meaning};
}

/// An action with keys of its own.
Key action(std::string_view path, std::string_view meaning) {
  return {.path = path, .type = Type::object, .group = "action", .meaning = meaning};
}

Key link_of(std::string_view path) { return name(path, "node1", "A node or a pod."); }
Key link_interface(std::string_view path) {
  return {.path = path,
          .type = Type::text,
          .max = 15,
          .example = "eth0",
          .meaning = "One of its interfaces; without it, the first."};
}

Key compared(std::string_view path, std::string_view example, std::string_view meaning) {
  return {.path = path, .type = Type::duration, .max = hour, .example = example, .meaning = meaning};
}

Key up_to(std::string_view path, Type type, std::string_view example, std::string_view meaning) {
  return {.path = path,
          .type = type,
          .max = type == Type::duration ? hour : 1'000'000'000,
          .group = "limit",
          .example = example,
          .meaning = meaning};
}

std::vector<Key> traffic() {
  constexpr std::string_view from_meaning = "A node; without it, the only one whose role is client.";
  return {
      {.path = "scenarios",
       .type = Type::map,
       .max = 32,
       .meaning =
           "What is done to the running lab and what must hold, by name; `lblab check` carries it out."},
      {.path = "scenarios.*", .type = Type::object, .meaning = "One scenario."},
      {.path = "scenarios.*.about",
       .type = Type::text,
       .max = 1024,
       .example = "One of three load balancers loses its BGP speaker.",
       .meaning = "What it shows, for people."},
      {.path = "scenarios.*.compare",
       .type = Type::object,
       .meaning = "Somebody else's figures, shown beside what repeated expectations measured."},
      {.path = "scenarios.*.compare.by",
       .type = Type::text,
       .required = true,
       .max = 100,
       .example = "papers, Figure 4.15",
       .meaning = "Whose."},
      compared("scenarios.*.compare.p50", "1900ms", "Half of the values were at most this."),
      compared("scenarios.*.compare.p99", "8900ms", "99 of 100 were."),
      compared("scenarios.*.compare.max", "9900ms", "All were."),
      {.path = "scenarios.*.settle",
       .type = Type::duration,
       .fallback = "500ms",
       .max = hour,
       .meaning = "For how long traffic goes on after the last step."},
      {.path = "scenarios.*.traffic",
       .type = Type::object,
       .meaning = "Probes that run from the first step to the last, and are judged afterwards."},
      {.path = "scenarios.*.traffic.udp",
       .type = Type::object,
       .meaning = "Numbered datagrams that are echoed: loss, order and outage, flow by flow."},
      name("scenarios.*.traffic.udp.from", "client", from_meaning, false),
      name("scenarios.*.traffic.udp.to", "web",
           "A service, or a node, on which an echo server is started then."),
      {.path = "scenarios.*.traffic.udp.port",
       .type = Type::integer,
       .min = 1,
       .max = 65'535,
       .example = "7",
       .meaning = "UDP port; without it, the service's, and 7 at a node."},
      {.path = "scenarios.*.traffic.udp.flows",
       .type = Type::integer,
       .fallback = "8",
       .min = 1,
       .max = 1'000,
       .meaning = "How many flows: source ports."},
      {.path = "scenarios.*.traffic.udp.rate",
       .type = Type::integer,
       .fallback = "200",
       .min = 1,
       .max = 100'000,
       .meaning = "Datagrams a second, of all flows together."},
      {.path = "scenarios.*.traffic.http",
       .type = Type::object,
       .meaning = "Requests at a fixed rate, whether or not those before were answered, a connection each."},
      name("scenarios.*.traffic.http.from", "client", from_meaning, false),
      name("scenarios.*.traffic.http.to", "web", "A service."),
      {.path = "scenarios.*.traffic.http.rate",
       .type = Type::integer,
       .fallback = "50",
       .min = 1,
       .max = 10'000,
       .meaning = "Requests a second."},
      {.path = "scenarios.*.traffic.http.timeout",
       .type = Type::duration,
       .fallback = "5s",
       .min = 10,
       .max = hour,
       .meaning = "A request that takes longer has failed."},
      {.path = "scenarios.*.traffic.flows",
       .type = Type::object,
       .meaning = "Connections that live as long as the scenario and talk both ways."},
      name("scenarios.*.traffic.flows.from", "client", from_meaning, false),
      name("scenarios.*.traffic.flows.to", "web", "A service."),
      {.path = "scenarios.*.traffic.flows.count",
       .type = Type::integer,
       .fallback = "20",
       .min = 1,
       .max = 10'000,
       .meaning = "How many."},
      {.path = "scenarios.*.traffic.flows.interval",
       .type = Type::duration,
       .fallback = "100ms",
       .min = 1,
       .max = hour,
       .meaning = "Time from one exchange of a connection to its next."},
      {.path = "scenarios.*.steps",
       .type = Type::list,
       .required = true,
       .min = 1,
       .example = "[{wait: 1s}]",
       .meaning = "What is done and what must hold, in order. Each has one action, and perhaps `at`."},
      {.path = "scenarios.*.steps[]", .type = Type::object, .one_of = "action", .meaning = "One step."},
      {.path = "scenarios.*.steps[].at",
       .type = Type::duration,
       .max = 24 * hour,
       .example = "3s",
       .meaning = "The step waits until so long after the scenario began. Not within `repeat` and `one-of`."},
  };
}

std::vector<Key> processes() {
  return {
      action("scenarios.*.steps[].kill", "A signal to a process, or to all of a host."),
      process("scenarios.*.steps[].kill.process"),
      in("scenarios.*.steps[].kill.in"),
      {.path = "scenarios.*.steps[].kill.signal",
       .type = Type::signal,
       .fallback = "KILL",
       .allowed = {"ABRT", "ALRM", "BUS", "FPE", "HUP", "ILL", "INT", "KILL", "PIPE", "QUIT", "SEGV", "TERM",
                   "TRAP", "USR1", "USR2", "XCPU", "XFSZ"},
       .meaning = "Its name, with or without SIG."},
      {.path = "scenarios.*.steps[].kill.restart",
       .type = Type::choice,
       .fallback = "after",
       .allowed = {"after", "never"},
       .meaning = "Whether what ends is started again `after` its back-off, or `never` until `start`."},
      action("scenarios.*.steps[].start", "A process that was killed with `restart: never` is started."),
      process("scenarios.*.steps[].start.process"),
      in("scenarios.*.steps[].start.in"),
      action("scenarios.*.steps[].freeze", "A process falls silent and stays (SIGSTOP)."),
      process("scenarios.*.steps[].freeze.process"),
      in("scenarios.*.steps[].freeze.in"),
      action("scenarios.*.steps[].thaw", "What is frozen goes on (SIGCONT)."),
      process("scenarios.*.steps[].thaw.process"),
      in("scenarios.*.steps[].thaw.in"),
      action("scenarios.*.steps[].reload", "A process reads its configuration again (SIGHUP)."),
      process("scenarios.*.steps[].reload.process", true),
      in("scenarios.*.steps[].reload.in"),
  };
}

std::vector<Key> hosts_and_links() {
  return {
      deed("scenarios.*.steps[].delete", "web-1", "A pod is taken away in order (SIGTERM)."),
      deed("scenarios.*.steps[].crash", "node2",
           "All that runs on a node (its pods too), a router or a pod is killed at once, and it loses its "
           "carrier."),
      deed("scenarios.*.steps[].recover", "node2", "What was deleted or crashed comes back in its place."),
      deed("scenarios.*.steps[].partition", "node2",
           "A node loses its carrier on all its networks; its processes live on."),
      deed("scenarios.*.steps[].heal", "node2", "What was partitioned has its carrier again."),
      action("scenarios.*.steps[].link",
             "The carrier of one interface is lost, or comes back: at the switch's end, or the far end of a "
             "plain link."),
      link_of("scenarios.*.steps[].link.of"),
      link_interface("scenarios.*.steps[].link.interface"),
      {.path = "scenarios.*.steps[].link.state",
       .type = Type::choice,
       .required = true,
       .allowed = {"down", "up"},
       .example = "down",
       .meaning = "What it becomes."},
      action("scenarios.*.steps[].flap", "A link goes down and up again, and again."),
      link_of("scenarios.*.steps[].flap.of"),
      link_interface("scenarios.*.steps[].flap.interface"),
      {.path = "scenarios.*.steps[].flap.times",
       .type = Type::integer,
       .fallback = "3",
       .min = 1,
       .max = 1'000,
       .meaning = "How often."},
      {.path = "scenarios.*.steps[].flap.period",
       .type = Type::duration,
       .fallback = "500ms",
       .min = 10,
       .max = 60 * second,
       .meaning = "From one time to the next; it is down for half of it."},
      {.path = "scenarios.*.steps[].impair",
       .type = Type::object,
       .like = "nodes.*.interfaces.*.impair",
       .some_of = "impairment",
       .group = "action",
       .meaning = "From now on the link is as bad as it says (tc-netem(8)): `delay`, `jitter`, `loss`, "
                  "`duplicate`, `reorder` and `rate`, as in an interface's `impair`."},
      link_of("scenarios.*.steps[].impair.of"),
      link_interface("scenarios.*.steps[].impair.interface"),
      {.path = "scenarios.*.steps[].impair.direction",
       .type = Type::choice,
       .fallback = "both",
       .allowed = {"both", "from", "to"},
       .meaning = "What the host sends (`from`), what is sent to it (`to`), or each."},
      action("scenarios.*.steps[].repair", "The link is as good as new."),
      link_of("scenarios.*.steps[].repair.of"),
      link_interface("scenarios.*.steps[].repair.interface"),
      {.path = "scenarios.*.steps[].scale",
       .type = Type::object,
       .some_of = "count",
       .group = "action",
       .meaning = "A service gets more pods, or fewer. From a range a number is drawn other than the present "
                  "one."},
      name("scenarios.*.steps[].scale.service", "web", "The service."),
      {.path = "scenarios.*.steps[].scale.pods",
       .type = Type::integer_range,
       .max = 10'000,
       .group = "count",
       .example = "4",
       .meaning = "How many real servers."},
      {.path = "scenarios.*.steps[].scale.load-balancers",
       .type = Type::integer_range,
       .max = 10'000,
       .group = "count",
       .example = "1..3",
       .meaning = "How many load balancers."},
      action("scenarios.*.steps[].connect",
             "One connection, to tell whom the server saw (`expect: {source: …}`)."),
      name("scenarios.*.steps[].connect.from", "web-1", "A node or a pod."),
      name("scenarios.*.steps[].connect.to", "node1", "A node or a pod."),
      {.path = "scenarios.*.steps[].wait",
       .type = Type::duration_range,
       .max = hour,
       .group = "action",
       .example = "1s..3s",
       .meaning = "Nothing is done for so long; from a range the time is drawn."},
      {.path = "scenarios.*.steps[].repeat",
       .type = Type::object,
       .group = "action",
       .meaning = "Steps that are carried out again and again."},
      {.path = "scenarios.*.steps[].repeat.times",
       .type = Type::integer,
       .required = true,
       .min = 1,
       .max = 10'000,
       .example = "30",
       .meaning = "How often."},
      {.path = "scenarios.*.steps[].repeat.steps",
       .type = Type::list,
       .required = true,
       .min = 1,
       .like = "scenarios.*.steps",
       .example = "[{wait: 1s}]",
       .meaning = "As those of a scenario."},
      {.path = "scenarios.*.steps[].one-of",
       .type = Type::list,
       .min = 2,
       .like = "scenarios.*.steps",
       .group = "action",
       .meaning = "Steps, of which one is drawn."},
  };
}

/// What holds at once or by and by.
std::vector<Key> states() {
  return {
      {.path = "scenarios.*.steps[].expect",
       .type = Type::object,
       .one_of = "subject",
       .at_most_one_of = "when",
       .group = "action",
       .meaning =
           "What must hold. Its window opens with the last action before it and closes with the next."},
      {.path = "scenarios.*.steps[].expect.within",
       .type = Type::duration,
       .min = 1,
       .max = hour,
       .group = "when",
       .with = {"route", "sessions", "real-servers", "event", "order"},
       .example = "1s",
       .meaning = "It must come to hold before so much time has passed."},
      {.path = "scenarios.*.steps[].expect.throughout",
       .type = Type::duration_or_true,
       .min = 1,
       .max = hour,
       .group = "when",
       .with = {"route", "sessions", "real-servers"},
       .example = "true",
       .meaning = "It must hold at once and for so long; `true`: for the whole window."},
      {.path = "scenarios.*.steps[].expect.never",
       .type = Type::yes,
       .group = "when",
       .with = {"route", "sessions", "real-servers", "event"},
       .example = "true",
       .meaning = "It must not hold at any time of the window."},
      {.path = "scenarios.*.steps[].expect.route",
       .type = Type::network,
       .group = "subject",
       .beside = "when",
       .example = "10.1.1.0/24",
       .meaning = "A route in the kernel of the host `in` has exactly the next hops `via`."},
      {.path = "scenarios.*.steps[].expect.sessions",
       .type = Type::list,
       .max = 256,
       .group = "subject",
       .beside = "when",
       .meaning = "The BGP agent of the host `in` has established sessions with exactly these."},
      {.path = "scenarios.*.steps[].expect.sessions[]",
       .type = Type::label,
       .max = longest_name,
       .example = "node1",
       .meaning = "A node or a pod."},
      {.path = "scenarios.*.steps[].expect.in",
       .type = Type::label,
       .required = true,
       .max = longest_name,
       .with = {"route", "sessions", "real-servers"},
       .example = "router",
       .meaning = "The host whose route, sessions or real servers they are: for these a load-balancer pod."},
      {.path = "scenarios.*.steps[].expect.via",
       .type = Type::one_or_list,
       .required = true,
       .max = 256,
       .with = {"route"},
       .meaning =
           "The next hops. A service: the nodes that hold its load balancers at that time. `[]`: there "
           "is no such route."},
      {.path = "scenarios.*.steps[].expect.via[]",
       .type = Type::label,
       .max = longest_name,
       .example = "node1",
       .meaning = "A node or a pod; or, alone, a service."},
      {.path = "scenarios.*.steps[].expect.real-servers",
       .type = Type::list,
       .max = 10'000,
       .group = "subject",
       .beside = "when",
       .meaning = "The load balancer `in` gives new connections to exactly these pods (weight above 0)."},
      {.path = "scenarios.*.steps[].expect.real-servers[]",
       .type = Type::label,
       .max = longest_name,
       .example = "web-1",
       .meaning = "A pod."},
      {.path = "scenarios.*.steps[].expect.event",
       .type = Type::map,
       .names = Type::word,
       .max = 32,
       .group = "subject",
       .beside = "when",
       .meaning = "An event that has these members; `lblab events` shows what there is."},
      {.path = "scenarios.*.steps[].expect.event.*",
       .type = Type::text,
       .max = 256,
       .example = "announce",
       .meaning = "The member's value."},
      {.path = "scenarios.*.steps[].expect.order",
       .type = Type::list,
       .min = 2,
       .max = 64,
       .group = "subject",
       .meaning = "The first such events come in this order."},
      {.path = "scenarios.*.steps[].expect.order[]",
       .type = Type::map,
       .names = Type::word,
       .max = 32,
       .meaning = "As `event`."},
      {.path = "scenarios.*.steps[].expect.order[].*",
       .type = Type::text,
       .max = 256,
       .example = "route",
       .meaning = "The member's value."},
  };
}

/// What is judged afterwards, over the whole window.
std::vector<Key> measures() {
  const auto subject = [](std::string_view path, std::string_view some_of, std::string_view meaning) {
    return Key{
        .path = path, .type = Type::object, .some_of = some_of, .group = "subject", .meaning = meaning};
  };
  return {
      subject("scenarios.*.steps[].expect.outage", "limit",
              "The longest time for which a UDP flow had no answer."),
      up_to("scenarios.*.steps[].expect.outage.max", Type::duration, "300ms", "At most."),
      up_to("scenarios.*.steps[].expect.outage.min", Type::duration, "100ms", "At least: the fault is felt."),
      up_to("scenarios.*.steps[].expect.outage.p99", Type::duration, "1s",
            "At most in 99 of 100 of the step's repeats; under --repeat, of those of all rounds together."),
      subject("scenarios.*.steps[].expect.requests", "", "HTTP requests that were due in the window."),
      {.path = "scenarios.*.steps[].expect.requests.failed",
       .type = Type::integer,
       .max = 1'000'000'000,
       .example = "0",
       .meaning = "How many may fail; without it none, or with `answered` as many as that allows."},
      {.path = "scenarios.*.steps[].expect.requests.only-in-flight",
       .type = Type::boolean,
       .fallback = "false",
       .meaning = "Whether those that had begun before the route changed may fail beside."},
      {.path = "scenarios.*.steps[].expect.requests.answered",
       .type = Type::share,
       .example = "0.99",
       .meaning = "The share that must be answered."},
      subject("scenarios.*.steps[].expect.flows", "limit", "The long-lived connections."),
      up_to("scenarios.*.steps[].expect.flows.lost", Type::integer, "0",
            "How many may be reset, closed, blackholed, or answered by another server."),
      up_to("scenarios.*.steps[].expect.flows.survive", Type::integer, "10", "How many must not be."),
      subject("scenarios.*.steps[].expect.flows-moved", "",
              "UDP flows that changed to another next hop although theirs still stood in the route."),
      {.path = "scenarios.*.steps[].expect.flows-moved.needlessly",
       .type = Type::integer,
       .fallback = "0",
       .max = 1'000,
       .meaning = "How many may."},
      subject("scenarios.*.steps[].expect.fairness", "",
              "Flows are spread as evenly as chance has it (chi-square)."),
      {.path = "scenarios.*.steps[].expect.fairness.over",
       .type = Type::choice,
       .fallback = "next-hops",
       .allowed = {"next-hops", "real-servers", "both"},
       .meaning = "Over what. `both`: which real server it is does not hang on which next hop it was."},
      {.path = "scenarios.*.steps[].expect.fairness.p",
       .type = Type::share,
       .fallback = "1e-6",
       .meaning = "Counts that even shares give more rarely than this fail."},
      subject("scenarios.*.steps[].expect.source", "", "Whom the server saw as its client."),
      {.path = "scenarios.*.steps[].expect.source.of",
       .type = Type::choice,
       .required = true,
       .allowed = {"connect", "http", "udp"},
       .example = "connect",
       .meaning = "In the `connect` before it, or in all answers of a probe in the window."},
      {.path = "scenarios.*.steps[].expect.source.is",
       .type = Type::one_or_list,
       .required = true,
       .min = 1,
       .max = 256,
       .meaning = "Those that it may be."},
      {.path = "scenarios.*.steps[].expect.source.is[]",
       .type = Type::label,
       .max = longest_name,
       .example = "web",
       .meaning = "A node or a pod; or, alone, a service: its load balancers."},
      subject("scenarios.*.steps[].expect.counters", "limit",
              "What the kernels of all hosts counted, from the scenario's beginning to its end."),
  };
}

/// What a kernel's counter may come to: its own path, and those of the keys below it.
struct CounterPaths {
  std::string_view counter, max, min, in;
};

std::vector<Key> counter(const CounterPaths& paths, std::string_view meaning) {
  const auto bound = [](std::string_view path, std::string_view example, std::string_view says) {
    return Key{.path = path,
               .type = Type::integer,
               .max = 1'000'000'000,
               .group = "bound",
               .example = example,
               .meaning = says};
  };
  return {{.path = paths.counter,
           .type = Type::object,
           .short_value = "max",
           .some_of = "bound",
           .group = "limit",
           .example = "0",
           .meaning = meaning},
          bound(paths.max, "0", "At most."),
          bound(paths.min, "1", "At least."),
          {.path = paths.in,
           .type = Type::label,
           .max = longest_name,
           .example = "node-net-gateway",
           .meaning = "In this host's kernel: a node, a pod, or the gateway of a cloud's network, "
                      "NETWORK-gateway; without it, in all."}};
}

std::vector<Key> counters() {
  std::vector<Key> all;
  const auto add = [&](const CounterPaths& paths, std::string_view meaning) {
    std::ranges::copy(counter(paths, meaning), std::back_inserter(all));
  };
  add({"scenarios.*.steps[].expect.counters.reverse-path-filter",
       "scenarios.*.steps[].expect.counters.reverse-path-filter.max",
       "scenarios.*.steps[].expect.counters.reverse-path-filter.min",
       "scenarios.*.steps[].expect.counters.reverse-path-filter.in"},
      "Packets dropped by the reverse-path filter; a bare number stands for `max`.");
  add({"scenarios.*.steps[].expect.counters.conntrack-insert-failed",
       "scenarios.*.steps[].expect.counters.conntrack-insert-failed.max",
       "scenarios.*.steps[].expect.counters.conntrack-insert-failed.min",
       "scenarios.*.steps[].expect.counters.conntrack-insert-failed.in"},
      "Failed insertions into connection tables; a bare number stands for `max`.");
  add({"scenarios.*.steps[].expect.counters.icmp-unreachable",
       "scenarios.*.steps[].expect.counters.icmp-unreachable.max",
       "scenarios.*.steps[].expect.counters.icmp-unreachable.min",
       "scenarios.*.steps[].expect.counters.icmp-unreachable.in"},
      "ICMP messages of unreachable destinations sent; a bare number stands for `max`.");
  add({"scenarios.*.steps[].expect.counters.no-route", "scenarios.*.steps[].expect.counters.no-route.max",
       "scenarios.*.steps[].expect.counters.no-route.min", "scenarios.*.steps[].expect.counters.no-route.in"},
      "Packets dropped for want of a route to their destination; a bare number stands for `max`.");
  return all;
}

}  // namespace

std::vector<Key> scenario_keys() {
  std::vector<Key> all;
  for (const auto& chapter : {traffic(), processes(), hosts_and_links(), states(), measures(), counters()})
    all.insert(all.end(), chapter.begin(), chapter.end());
  return all;
}

}  // namespace lblab::model
