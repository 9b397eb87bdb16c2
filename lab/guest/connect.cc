#include "lab/guest/connect.hpp"

#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>

#include "lab/guest/event.hpp"
#include "lab/sys/error.hpp"

namespace lblab::guest {

namespace {

using Clock = std::chrono::steady_clock;

/// Empty, with errno set, if nobody listens.
sys::Fd try_connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw sys::SystemError{"connect to " + path, ENAMETOOLONG};
  path.copy(address.sun_path, path.size());
  sys::Fd socket{sys::check("open a socket", ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return socket;
  if (errno != ENOENT && errno != ECONNREFUSED) throw sys::SystemError{"connect to " + path};
  return {};
}

std::string nearest_folder(std::filesystem::path path) {
  std::error_code ignored;
  do path = path.parent_path();
  while (!std::filesystem::is_directory(path, ignored) && path.has_relative_path());
  return path;
}

asio::awaitable<void> until(Clock::time_point time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> readable(asio::posix::stream_descriptor& descriptor) {
  co_await descriptor.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
}

}  // namespace

asio::awaitable<sys::Fd> connect_when_there(std::string path, std::chrono::milliseconds limit) {
  const auto executor = co_await asio::this_coro::executor;
  const auto deadline = Clock::now() + limit;
  for (;;) {
    const auto folder = nearest_folder(path);
    asio::posix::stream_descriptor watch(executor,
                                         sys::check("make an inotify", ::inotify_init1(IN_CLOEXEC)));
    sys::check("watch " + folder,
               ::inotify_add_watch(watch.native_handle(), folder.c_str(), IN_CREATE | IN_MOVED_TO));
    if (nearest_folder(path) != folder) continue;  // made before the watch was there
    if (auto socket = try_connect(path)) co_return socket;
    const int error = errno;
    if (Clock::now() >= deadline) throw sys::SystemError{"connect to " + path, error};
    // A socket that is bound but does not listen yet: listen() is no event that one could wait for.
    constexpr auto until_listen = std::chrono::milliseconds(10);
    if (error == ECONNREFUSED)
      co_await until(Clock::now() + until_listen);
    else
      co_await first_of(readable(watch), until(deadline));
  }
}

}  // namespace lblab::guest
