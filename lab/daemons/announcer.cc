#include "lab/daemons/announcer.hpp"

#include "lab/daemons/bird.hpp"
#include "lab/daemons/exabgp.hpp"
#include "lab/daemons/frr.hpp"
#include "lab/daemons/gobgpd.hpp"

namespace lblab::daemons {

namespace {

using model::Announcer;

constexpr const char* helper = "lbd-announce";

Program beside(const Program& agent, const BgpAnnouncer& announcer, const std::vector<std::string>& how) {
  Program made;
  made.process.name = helper;
  made.process.argv = {helper, "--socket", announcer.announce_socket, "--limit",
                       duration(announcer.announce_limit)};
  made.process.argv.insert(made.process.argv.end(), how.begin(), how.end());
  made.process.after = {agent.process.name};
  made.process.needs = {std::string("program:") + helper};
  return made;
}

std::vector<Program> with_helper(Program agent, const BgpAnnouncer& announcer,
                                 const std::vector<std::string>& how) {
  auto helper = beside(agent, announcer, how);
  return {std::move(agent), std::move(helper)};
}

}  // namespace

std::vector<Program> announcer(Announcer agent, const BgpAnnouncer& announcer) {
  switch (agent) {
    case Announcer::exabgp:
      return {exabgp::announcer(announcer)};
    case Announcer::gobgp:
      return with_helper(gobgpd::announcer(announcer), announcer, {"--to", "gobgp", "--at", gobgpd::api});
    case Announcer::frr:
      return with_helper(frr::announcer(announcer), announcer,
                         {"--to", "frr", "--at", frr::command_socket, "--log", frr::announcer_log});
    case Announcer::bird:
      return with_helper(bird::announcer(announcer), announcer,
                         {"--to", "bird", "--at", bird::control_socket, "--routes", bird::announced_routes});
  }
  return {};
}

std::string taker_of_routes(Announcer agent) { return agent == Announcer::exabgp ? "exabgp" : helper; }

}  // namespace lblab::daemons
