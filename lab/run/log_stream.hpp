#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "lab/http/http.hpp"

namespace lblab::run {

class History;
class RunningLab;

/// Sends every event so far, one a message, and with `follow` those to come until the client leaves.
boost::asio::awaitable<void> stream_events(http::Socket socket, History& history, bool follow);

/// The same for the output of a host's processes (of one, if `process` is given): messages are {"name":
/// "HOST/PROCESS", "line": TEXT}.
boost::asio::awaitable<void> stream_logs(http::Socket socket, RunningLab& lab, std::string host,
                                         std::string process, bool follow);

}  // namespace lblab::run
