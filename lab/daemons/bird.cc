#include "lab/daemons/bird.hpp"

#include <fmt/core.h>

namespace lblab::daemons::bird {

namespace {

constexpr const char* path = "/run/bird/bird.conf";

std::string head(const std::string& what, const BgpSpeaker& speaker) {
  return fmt::format(R"(# {}
log stderr all;
router id {};
protocol device {{ scan time 1; }}
protocol direct {{ ipv4; }}
)",
                     what, speaker.router_id.str());
}

/// The log tells of every session that comes up or goes down: bgp/bird_log reads it.
std::string session(const BgpSpeaker& speaker) {
  return fmt::format("  debug {{ states, events }};\n  hold time {}; keepalive time {};\n",
                     whole_seconds(speaker.hold_time), keepalive_seconds(speaker.hold_time));
}

// bird's own default is to wait 5 s before it connects, and up to minutes after an error.
constexpr const char* connect_at_once =
    "  connect delay time 0; connect retry time 1; error wait time 1, 2;\n";

Program program(std::string configuration) {
  Program made;
  made.process.name = "bird";
  made.process.argv = {"bird", "-f", "-c", path, "-s", control_socket};
  made.process.ready = {.when = model::Ready::When::output, .pattern = "<INFO> Started"};
  made.process.rank = routing_rank;
  made.process.needs = {"program:bird"};
  made.files = {{.path = path, .text = std::move(configuration)}};
  return made;
}

}  // namespace

Program router(const BgpRouter& router) {
  std::string text =
      head("The router: every path of a prefix becomes a next hop of the kernel's route.", router) +
      R"(protocol kernel {
  merge paths yes limit 64; persist no; scan time 10;
  ipv4 { import none; export where source = RTS_BGP; };
}
)";
  int n = 0;
  for (const auto& reflector : router.reflectors)
    text += fmt::format("protocol bgp reflector{} {{\n  local {} as {}; neighbor {} as {}; direct;\n", ++n,
                        router.router_id.str(), router.as, reflector.str(), router.as) +
            session(router) + connect_at_once +
            "  ipv4 { add paths rx; import all; export none; gateway direct; };\n}\n";
  // Announcers are pods behind their node's address: with `direct` the node would find packets of TTL 1 to
  // pass on.
  for (const auto& announcer : router.passive_peers)
    text +=
        fmt::format("protocol bgp announcer{} {{\n  local {} as {}; neighbor {} as {}; multihop; passive;\n",
                    ++n, router.router_id.str(), router.as, announcer.str(), router.as) +
        session(router) + "  ipv4 { import all; export none; gateway recursive; };\n}\n";
  return program(std::move(text));
}

Program reflector(const BgpReflector& reflector) {
  std::string text =
      head("The route reflector: announcers come from the overlay; the routers get every path.", reflector) +
      fmt::format(
          "protocol bgp announcers {{\n  local {} as {}; neighbor range {} internal; dynamic name "
          "\"announcer\";\n"
          "  multihop; passive;\n",
          reflector.router_id.str(), reflector.as, reflector.announcers.str()) +
      session(reflector) + "  ipv4 { import all; export none; gateway recursive; };\n}\n";
  int n = 0;
  for (const auto& router : reflector.routers)
    text += fmt::format("protocol bgp router{} {{\n  local {} as {}; neighbor {} as {}; direct; rr client;\n",
                        ++n, reflector.router_id.str(), reflector.as, router.str(), reflector.as) +
            session(reflector) + connect_at_once +
            "  ipv4 { import none; export where source = RTS_BGP; add paths tx; next hop keep; };\n}\n";
  return program(std::move(text));
}

Program announcer(const BgpAnnouncer& announcer) {
  const BgpSpeaker self{.as = announcer.as, .router_id = announcer.local, .hold_time = announcer.hold_time};
  // By a pattern, which may match nothing: a file that is not there would be a mistake.
  std::string text = head("The announcer: the routes of a file that lbd-announce writes.", self) +
                     "protocol static announced {\n  ipv4;\n  include \"/run/bird/announced*.conf\";\n}\n";
  int n = 0;
  for (const auto& upstream : announcer.peers)
    text += fmt::format("protocol bgp upstream{} {{\n  local {} as {}; neighbor {} as {}; multihop;\n", ++n,
                        announcer.local.str(), announcer.as, upstream.str(), announcer.as) +
            session(self) + connect_at_once +
            "  ipv4 { import none; export where source = RTS_STATIC; next hop keep; };\n}\n";
  auto made = program(std::move(text));
  if (announcer.session_is_certain) made.process.ready.pattern = "BGP session established";
  made.process.rank = announcer_rank;
  return made;
}

}  // namespace lblab::daemons::bird
