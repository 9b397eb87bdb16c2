#include "lab/daemons/overlayd.hpp"

#include <fmt/core.h>

namespace lblab::daemons::overlayd {

namespace {

constexpr const char* path = "/run/overlayd/overlayd.yaml";

}  // namespace

Program wrapper(const std::string& device, const Address& own, const std::vector<Address>& peers,
                const std::vector<Route>& routes) {
  Program made;
  made.process.name = "overlayd";
  made.process.argv = {"overlayd", "--config", path};
  made.process.ready = {.when = model::Ready::When::output, .pattern = R"("event":"ready")"};
  made.process.rank = routing_rank;
  made.process.needs = {"tun", "program:overlayd"};
  auto text = fmt::format("device: {}\nlisten: {}\npeers:\n", device, own.str());
  for (const auto& peer : peers) text += fmt::format("  - {}\n", peer.str());
  text += "routes:\n";
  for (const auto& [to, via] : routes) text += fmt::format("  - {{to: {}, via: {}}}\n", to.str(), via.str());
  made.files = {{.path = path, .text = text}};
  return made;
}

}  // namespace lblab::daemons::overlayd
