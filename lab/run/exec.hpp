#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "lab/http/http.hpp"

/// A command in a host of the lab, over one WebSocket.
///
/// The first message of the client is JSON: {"argv": […], "environment": ["TERM=…"], "terminal": bool,
/// "rows": n, "columns": n}. After it every message is one byte that names its channel, and data:
///   client: '0' stdin ("" = end of input), '1' window size as "ROWS COLUMNS", '2' a signal's number
///   server: '1' stdout, '2' stderr, '3' the exit code (the last message), '4' an error text instead of it
namespace lblab::run {

namespace channel {
inline constexpr char input = '0', window = '1', signal = '2';
inline constexpr char output = '1', error = '2', exit = '3', failure = '4';
}  // namespace channel

/// Runs it to its end; a client that vanishes takes the command with it. `environment` is added to the
/// client's.
boost::asio::awaitable<void> serve_exec(http::Socket socket, std::vector<int> namespaces,
                                        std::vector<std::string> environment);

}  // namespace lblab::run
