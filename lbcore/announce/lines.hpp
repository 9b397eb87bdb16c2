#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <string>

namespace lbcore::announce {

/// The next line without its newline; nothing: the other side has ended. `buffer` keeps what comes after.
template <class Stream>
boost::asio::awaitable<std::optional<std::string>> next_line(Stream& stream, std::string& buffer) {
  boost::system::error_code error;
  const auto n =
      co_await boost::asio::async_read_until(stream, boost::asio::dynamic_buffer(buffer), '\n',
                                             boost::asio::redirect_error(boost::asio::use_awaitable, error));
  if (error) co_return std::nullopt;
  std::string line = buffer.substr(0, n - 1);
  buffer.erase(0, n);
  co_return line;
}

}  // namespace lbcore::announce
