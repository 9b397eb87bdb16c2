#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>

#include "lab/sys/fd.hpp"

namespace lblab::guest {

namespace asio = boost::asio;

/// A connection to the unix socket at `path`. While nobody listens there, waits for it to appear (inotify on
/// the folder, or on the first of its parents that exists). Throws SystemError of the last attempt once
/// `limit` has passed.
asio::awaitable<sys::Fd> connect_when_there(std::string path, std::chrono::milliseconds limit);

}  // namespace lblab::guest
