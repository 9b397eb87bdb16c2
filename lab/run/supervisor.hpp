#pragma once

#include <functional>
#include <string>

#include "lab/http/http.hpp"
#include "lab/run/running_lab.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::run {

/// Serves one lab until it is taken down, by its control socket (HTTP, STATE/control.sock) or by SIGTERM. The
/// lab comes up when a client opens the WebSocket /up, and goes down again if that client leaves before
/// "ready". Everything of the lab is released before this returns.
///
///   WS   /up                  first message {"topology": TEXT, "file": NAME, "ends-with-me": BOOL}; answers
///   {"progress": …}*, then
///   {"ready": true} or {"error": …, "code": N} GET  /inspect             the lab as JSON WS   /exec?host=H
///   lab/run/exec.hpp WS   /events?follow=1     one JSON event a message WS   /logs?host=H&process=P&follow=1
///   {"name": HOST/PROCESS, "line": …} a message POST /scale?service=S&load-balancers=0|1&replicas=N POST
///   /kill?host=H&process=P&signal=N&restart=after|never POST /start?host=H&process=P POST
///   /carrier?host=H&link=L&up=0|1 POST /down
/// Errors: {"error": TEXT} with status 400 (a request that makes no sense) or 500.
///
/// A byte is written to `listening` once the socket accepts connections, and it is closed.
///
/// `serve_more` adds what rooms that stand on this one answer.
using ServeMore = std::function<void(http::Server&, RunningLab&)>;
int supervise(const std::string& lab, const std::string& state, const std::string& programs,
              sys::Fd listening, const ServeMore& serve_more);

}  // namespace lblab::run
