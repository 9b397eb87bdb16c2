#pragma once

#include "lab/http/http.hpp"
#include "lab/run/running_lab.hpp"

namespace lblab::scenario {

/// What a lab's supervisor answers besides (see run/supervisor.hpp):
///   WS   /check    first message {"scenario": NAME, "seed": N, "file": NAME}; answers {"progress": …}*, then
///                  {"verdict": …} or {"error": …, "code": N}. With "topology": TEXT the scenario is not the
///                  lab's own but that of a topology file, of which nothing else is taken: one of this lab's
///                  with other scenarios.
///   POST /restore  takes back what scenarios disturbed
void serve(http::Server&, run::RunningLab&);

}  // namespace lblab::scenario
