#include "lab/daemons/gobgpd.hpp"

#include <fmt/core.h>

namespace lblab::daemons::gobgpd {

namespace {

constexpr const char* path = "/run/gobgpd/gobgpd.yaml";

// 0.0.0.0 alone: by default it listens on :: too, which fails where IPv6 is off.
std::string global(const BgpSpeaker& speaker) {
  return fmt::format(R"(global:
  config:
    as: {}
    router-id: {}
    local-address-list: ["0.0.0.0"]
  use-multiple-paths:
    config:
      enabled: true
)",
                     speaker.as, speaker.router_id.str());
}

std::string timers(const BgpSpeaker& speaker) {
  return fmt::format(R"(    timers:
      config:
        hold-time: {}
        keepalive-interval: {}
)",
                     whole_seconds(speaker.hold_time), keepalive_seconds(speaker.hold_time));
}

std::string peer(const BgpSpeaker& speaker, const Address& address) {
  return fmt::format(R"(  - config:
      neighbor-address: {}
      peer-as: {}
)",
                     address.str(), speaker.as) +
         timers(speaker);
}

constexpr const char* passive = R"(    transport:
      config:
        passive-mode: true
)";

constexpr const char* connect_soon = R"(        connect-retry: 5
        idle-hold-time-after-reset: 1
)";

constexpr const char* ipv4 = R"(    afi-safis:
      - config:
          afi-safi-name: ipv4-unicast
)";

constexpr const char* receive_all_paths = R"(        add-paths:
          config:
            receive: true
)";

constexpr const char* send_all_paths = R"(        add-paths:
          config:
            send-max: 255
)";

// The last line of a start-up with these neighbours is about the last of them.
std::string up_to(const std::vector<Address>& neighbours) {
  return neighbours.empty() ? "Finished reading the config file"
                            : "Add a peer configuration.*Key=" + neighbours.back().str();
}

Program program(std::string configuration, const std::vector<Address>& neighbours) {
  Program made;
  made.process.name = "gobgpd";
  made.process.argv = {"gobgpd",          "-t", "yaml", "-f", path, "--api-hosts", api,
                       "--pprof-disable", "-l", "info", "-p"};
  made.process.ready = {.when = model::Ready::When::output, .pattern = up_to(neighbours)};
  made.process.rank = routing_rank;
  made.process.needs = {"program:gobgpd", "program:gobgp"};
  made.files = {{.path = path, .text = std::move(configuration)}};
  return made;
}

}  // namespace

Program router(const BgpRouter& router) {
  std::string text =
      "# The router: one session with each reflector, all paths of a prefix, none of them put into the "
      "kernel by gobgpd.\n" +
      global(router);
  std::vector<Address> neighbours = router.reflectors;
  neighbours.insert(neighbours.end(), router.passive_peers.begin(), router.passive_peers.end());
  if (!neighbours.empty()) text += "neighbors:\n";
  for (const auto& reflector : router.reflectors) {
    text += peer(router, reflector);
    text += std::string(connect_soon) + ipv4 + receive_all_paths;
  }
  for (const auto& announcer : router.passive_peers) text += peer(router, announcer) + passive + ipv4;
  return program(std::move(text), neighbours);
}

Program reflector(const BgpReflector& reflector) {
  std::string text =
      fmt::format("# The route reflector: announcers come from {}; the routers get every path.\n",
                  reflector.announcers.str()) +
      global(reflector) +
      fmt::format(R"(peer-groups:
  - config:
      peer-group-name: announcers
      peer-as: {}
)",
                  reflector.as) +
      timers(reflector) + ipv4 +
      fmt::format(R"(dynamic-neighbors:
  - config:
      prefix: {}
      peer-group: announcers
)",
                  reflector.announcers.str());
  if (!reflector.routers.empty()) text += "neighbors:\n";
  for (const auto& router : reflector.routers)
    text += peer(reflector, router) + passive +
            fmt::format(R"(    route-reflector:
      config:
        route-reflector-client: true
        route-reflector-cluster-id: {}
)",
                        reflector.router_id.str()) +
            ipv4 + send_all_paths;
  return program(std::move(text), reflector.routers);
}

Program announcer(const BgpAnnouncer& announcer) {
  const BgpSpeaker self{.as = announcer.as, .router_id = announcer.local, .hold_time = announcer.hold_time};
  std::string text =
      "# The announcer: its routes come from lbd-announce, over the API.\n" + global(self) + "neighbors:\n";
  for (const auto& upstream : announcer.peers)
    text += peer(self, upstream) + std::string(connect_soon) + ipv4;
  auto made = program(std::move(text), announcer.peers);
  if (announcer.session_is_certain) made.process.ready.pattern = "Peer Up";
  made.process.rank = announcer_rank;
  return made;
}

Program rib_monitor() {
  Program made;
  made.process.name = rib_monitor_name;
  made.process.argv = {"gobgp", "-j", "monitor", "global", "rib", "--current"};
  made.process.ready = {.when = model::Ready::When::output, .pattern = "^\\["};  // what there is already
  made.process.needs = {"program:gobgp"};
  return made;
}

}  // namespace lblab::daemons::gobgpd
