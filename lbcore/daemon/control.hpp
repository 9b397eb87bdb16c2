#pragma once

#include "lab/http/http.hpp"
#include "lbcore/daemon/daemon.hpp"

namespace lbcore::daemon {

/// What lbd answers on its control socket; JSON throughout:
///   GET  /state                     Daemon::state(), and "pid"
///   GET  /metrics                   Daemon::metrics(), which is text
///   POST /drain[?service=NAME]      weight 0 and no route, until undrained; without a name for all
///   POST /undrain[?service=NAME]
///   POST /reload                    {"state": "applied" | "unchanged"}; 400 and {"mistakes": […]} when the
///   file is refused POST /handover                  ends, and leaves everything in place
/// The daemon must outlive the server.
void serve_control(lblab::http::Server&, Daemon&);
/// Answers GET /metrics and nothing else: for whoever may look, and not touch.
void serve_metrics(lblab::http::Server&, Daemon&);

}  // namespace lbcore::daemon
