#include "lab/daemons/exabgp.hpp"

#include <fmt/core.h>

namespace lblab::daemons::exabgp {

namespace {

constexpr const char* path = "/run/exabgp/exabgp.conf";
constexpr const char* start = "/run/exabgp/start.py";

// A quarter less to do than by /usr/sbin/exabgp, which under emulation is a second: Debian's script looks
// itself up among all installed packages, and Python's `site` (-S) reads what no one here needs.
constexpr const char* start_text = R"(# Starts Debian's exabgp without the search for its entry point.
import sys

sys.path.append("/usr/lib/python3/dist-packages")
sys.argv[0] = "/usr/sbin/exabgp"
from exabgp.application import run_exabgp

sys.exit(run_exabgp())
)";

// env: exabgp wants an absolute path, and the lab's own programs are found by PATH.
std::string api_process(const BgpAnnouncer& config) {
  return fmt::format(R"(process lbd-announce {{
    run /usr/bin/env lbd-announce --socket {} --limit {};
    encoder json;
}}
)",
                     config.announce_socket, duration(config.announce_limit));
}

std::string neighbour(const BgpAnnouncer& config, const Address& peer) {
  return fmt::format(R"(neighbor {} {{
    router-id {};
    local-address {};
    local-as {};
    peer-as {};
    hold-time {};
    family {{
        ipv4 unicast;
    }}
    api {{
        processes [ lbd-announce ];
        neighbor-changes;
    }}
}}
)",
                     peer.str(), config.local.str(), config.local.str(), config.as, config.as,
                     whole_seconds(config.hold_time));
}

}  // namespace

Program announcer(const BgpAnnouncer& config) {
  std::string text = api_process(config);
  for (const auto& peer : config.peers) text += neighbour(config, peer);
  Program made;
  made.process.name = "exabgp";
  made.process.argv = {"/usr/bin/python3", "-S", "-I", start, path};
  // Run as root it would become the user exabgp, who may not read the lab's files.
  made.process.environment = {{"exabgp_daemon_user", "root"},
                              {"exabgp_daemon_drop", "false"},
                              {"exabgp_api_cli", "false"},
                              {"exabgp_api_ack", "true"},  // lbd-announce counts the answers
                              {"exabgp_log_destination", "stdout"}};
  // exabgp says "connected to peer-1" when the session is established, not when TCP is.
  made.process.ready = {
      .when = model::Ready::When::output,
      .pattern = config.session_is_certain ? "connected to peer-" : "loaded new configuration successfully"};
  made.process.rank = announcer_rank;
  made.process.needs = {"program:exabgp", "program:lbd-announce"};
  made.files = {{.path = path, .text = std::move(text)}, {.path = start, .text = start_text}};
  return made;
}

}  // namespace lblab::daemons::exabgp
