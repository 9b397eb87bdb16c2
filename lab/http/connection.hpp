#pragma once

// The only header that includes Beast; server.cc and client.cc alone include it.
#include <fcntl.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <list>

#include "lab/http/http.hpp"

namespace lblab::http {

namespace beast = boost::beast;
namespace wire = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

/// Either kind of stream socket, so that everything here is compiled once.
using Stream = asio::generic::stream_protocol::socket;

constexpr std::uint64_t max_request_bytes = 16 << 20;
constexpr std::uint64_t max_response_bytes = 256 << 20;
constexpr std::size_t max_message_bytes = 64 << 20;
/// For each of the WebSocket's handshakes, the closing one too.
constexpr std::chrono::seconds handshake_limit{10};

/// Completes with the error put into `error`, instead of thrown.
inline auto with_error(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

/// Asio opens and accepts sockets that children would inherit, and a connection ends only when its last
/// holder ends.
inline void close_on_exec(Stream& stream) { ::fcntl(stream.native_handle(), F_SETFD, FD_CLOEXEC); }

/// One connection, of a client or a server: first HTTP on the lower layer of `ws`, then perhaps a WebSocket.
/// Shared by the coroutines that use it; closing it makes their pending operations fail.
struct Socket::Impl {
  explicit Impl(Stream stream) : ws(std::move(stream)), turn(ws.get_executor()) {
    turn.expires_at(asio::steady_timer::time_point::max());
    ws.binary(true);
    ws.read_message_max(max_message_bytes);
    limit_handshakes(handshake_limit);
  }

  /// No idle limit: who only sends never reads the answers to Beast's pings, and would be taken for dead.
  void limit_handshakes(std::chrono::milliseconds limit) {
    ws.set_option(websocket::stream_base::timeout{limit, websocket::stream_base::none(), false});
  }

  Stream& stream() { return ws.next_layer(); }
  void close() {
    error_code ignored;
    stream().close(ignored);
  }

  websocket::stream<Stream, false> ws;  // false: no compression
  beast::flat_buffer buffer;            // what was read of the stream and not yet understood
  std::list<std::monostate> senders;    // those in send(), in order; the first one writes
  asio::steady_timer turn;              // never expires; cancelled to tell `senders` to look again
};

using Connection = Socket::Impl;

}  // namespace lblab::http
