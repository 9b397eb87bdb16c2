#include "lab/daemons/fibd.hpp"

#include "lab/daemons/gobgpd.hpp"

namespace lblab::daemons::fibd {

Program beside_gobgpd(milliseconds stale_time) {
  Program made;
  made.process.name = "fibd";
  made.process.argv = {"fibd", "--api", gobgpd::api, "--stale", duration(stale_time)};
  made.process.ready = {.when = model::Ready::When::output, .pattern = R"("event":"ready")"};
  made.process.after = {"gobgpd"};
  made.process.rank = routing_rank;
  made.process.needs = {"program:fibd", "program:gobgp"};
  return made;
}

}  // namespace lblab::daemons::fibd
