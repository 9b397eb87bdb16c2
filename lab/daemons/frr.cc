#include "lab/daemons/frr.hpp"

#include <fmt/core.h>

namespace lblab::daemons::frr {

namespace {

// Debian has them outside PATH.
constexpr const char* programs = "/usr/lib/frr/";
constexpr const char* sockets = "/run/frr/own";
constexpr const char* most_announcers = "5000";  // FRR's own limit is 100

/// The log on stdout tells of every session that comes up or goes down: bgp/frr reads it.
Program daemon(const std::string& name, const std::string& configuration) {
  const auto file = fmt::format("/run/frr/{}.conf", name);
  Program made;
  made.process.name = name;
  made.process.argv = {programs + name,
                       "-f",
                       file,
                       "-i",
                       fmt::format("{}/{}.pid", sockets, name),
                       "-z",
                       fmt::format("{}/zserv.api", sockets),
                       "--vty_socket",
                       sockets,
                       "-P",
                       "0",
                       "--log",
                       "stdout",
                       "--log-level",
                       "informational"};
  made.process.ready = {.when = model::Ready::When::output, .pattern = "starting: "};
  made.process.rank = routing_rank;
  made.process.needs = {"program:" + made.process.argv.front(), "program:vtysh"};
  made.files = {{.path = file, .text = configuration}};
  return made;
}

/// In a cloud the default route is the way to a next hop, which FRR leaves out by itself.
Program zebra() {
  return daemon("zebra", "! Interfaces and routes are the lab's.\nip nht resolve-via-default\n");
}

Program bgpd(const std::string& configuration) {
  auto made = daemon("bgpd", configuration);
  made.process.after = {"zebra"};
  return made;
}

/// By default it offers to be waited for when it restarts (RFC 4724), and a bird keeps the routes of one that
/// was killed for two minutes.
std::string head(const std::string& what, const BgpSpeaker& speaker) {
  return fmt::format(
      "! {}\nrouter bgp {}\n bgp router-id {}\n bgp log-neighbor-changes\n bgp graceful-restart-disable\n",
      what, speaker.as, speaker.router_id.str());
}

std::string timers(const std::string& neighbour, const BgpSpeaker& speaker) {
  return fmt::format(" neighbor {} timers {} {}\n", neighbour, keepalive_seconds(speaker.hold_time),
                     whole_seconds(speaker.hold_time));
}

std::string peer(const std::string& neighbour, const BgpSpeaker& speaker) {
  return fmt::format(" neighbor {} remote-as {}\n", neighbour, speaker.as) + timers(neighbour, speaker);
}

// FRR's own default is to wait two minutes after an attempt that failed.
std::string connect_at_once(const std::string& neighbour) {
  return fmt::format(" neighbor {} timers connect 1\n", neighbour);
}

}  // namespace

Programs router(const BgpRouter& router) {
  std::string text =
      head("The router: every path of a prefix becomes a next hop of the kernel's route.", router);
  for (const auto& reflector : router.reflectors)
    text += peer(reflector.str(), router) + connect_at_once(reflector.str());
  for (const auto& announcer : router.passive_peers)
    text += peer(announcer.str(), router) + fmt::format(" neighbor {} passive\n", announcer.str());
  text += " address-family ipv4 unicast\n  maximum-paths ibgp 64\n exit-address-family\n";
  return {zebra(), bgpd(text)};
}

Programs reflector(const BgpReflector& reflector) {
  std::string text =
      head("The route reflector: announcers come from the overlay; the routers get every path.", reflector) +
      fmt::format(" bgp cluster-id {}\n", reflector.router_id.str()) + " neighbor announcers peer-group\n" +
      peer("announcers", reflector) +
      fmt::format(" bgp listen limit {}\n bgp listen range {} peer-group announcers\n", most_announcers,
                  reflector.announcers.str());
  std::string clients;
  for (const auto& router : reflector.routers) {
    text += peer(router.str(), reflector) + connect_at_once(router.str());
    clients += fmt::format("  neighbor {0} route-reflector-client\n  neighbor {0} addpath-tx-all-paths\n",
                           router.str());
  }
  text += " address-family ipv4 unicast\n" + clients + " exit-address-family\n";
  auto bgp = bgpd(text);
  bgp.process.argv.emplace_back("--no_kernel");
  return {zebra(), std::move(bgp)};
}

Program announcer(const BgpAnnouncer& announcer) {
  const BgpSpeaker self{.as = announcer.as, .router_id = announcer.local, .hold_time = announcer.hold_time};
  // lbd-announce adds routes to it; without `import-check` off, only those that the pod's kernel has would go
  // out.
  std::string text =
      head("The announcer: its routes come from lbd-announce.", self) + " no bgp network import-check\n";
  for (const auto& upstream : announcer.peers)
    text += peer(upstream.str(), self) + connect_at_once(upstream.str());
  auto made = daemon("bgpd", fmt::format("log file {} informational\n", announcer_log) + text);
  made.process.argv.emplace_back("--no_zebra");
  if (announcer.session_is_certain) made.process.ready.pattern = "ADJCHANGE: .* Up";
  made.process.rank = announcer_rank;
  return made;
}

std::vector<std::string> asking_bgpd(const std::string& command) {
  return {"vtysh", "--vty_socket", sockets, "-d", "bgpd", "-c", command};
}

}  // namespace lblab::daemons::frr
