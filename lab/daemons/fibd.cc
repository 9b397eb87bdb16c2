#include "lab/daemons/fibd.hpp"

#include "lab/daemons/gobgpd.hpp"

namespace lblab::daemons::fibd {

Program beside_gobgpd(milliseconds stale_time, model::NexthopGroups groups) {
  Program made;
  made.process.name = "fibd";
  made.process.argv = {"fibd", "--api", gobgpd::api, "--stale", duration(stale_time)};
  made.process.ready = {.when = model::Ready::When::output, .pattern = R"("event":"ready")"};
  made.process.after = {"gobgpd"};
  made.process.rank = routing_rank;
  made.process.needs = {"program:fibd", "program:gobgp"};
  if (groups == model::NexthopGroups::resilient) {
    made.process.argv.insert(made.process.argv.end(), {"--groups", "resilient"});
    made.process.needs.insert("resilient-nexthop");
  }
  return made;
}

}  // namespace lblab::daemons::fibd
