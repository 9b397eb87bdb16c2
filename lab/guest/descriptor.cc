#include "lab/guest/descriptor.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/epoll.h>

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>

#include "lab/sys/error.hpp"

namespace lblab::guest {

namespace {

std::optional<asio::posix::stream_descriptor> readiness(const asio::any_io_executor& executor, int fd,
                                                        std::uint32_t events) {
  sys::Fd epoll{sys::check("make an epoll", ::epoll_create1(EPOLL_CLOEXEC))};
  epoll_event event{};
  event.events = events;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0)
    return asio::posix::stream_descriptor(executor, epoll.release());
  if (errno == EPERM) return std::nullopt;
  throw sys::SystemError{"watch descriptor " + std::to_string(fd)};
}

asio::awaitable<void> ready(std::optional<asio::posix::stream_descriptor>& epoll) {
  if (epoll) co_await epoll->async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
}

bool try_again() { return errno == EAGAIN || errno == EINTR; }

}  // namespace

Descriptor::Descriptor(const asio::any_io_executor& executor, int fd)
    : fd_(fd),
      blocking_(!(::fcntl(fd, F_GETFL) & O_NONBLOCK)),
      input_(readiness(executor, fd, EPOLLIN)),
      output_(readiness(executor, fd, EPOLLOUT)) {}

asio::awaitable<std::size_t> Descriptor::read(asio::mutable_buffer into) {
  for (;;) {
    co_await ready(input_);
    const auto size = ::read(fd_, into.data(), into.size());
    if (size >= 0) co_return static_cast<std::size_t>(size);
    if (errno == EIO) co_return 0;
    if (!try_again()) throw sys::SystemError{"read descriptor " + std::to_string(fd_)};
  }
}

asio::awaitable<void> Descriptor::write(std::string_view bytes) {
  while (!bytes.empty()) {
    co_await ready(output_);
    // A pipe that is ready takes PIPE_BUF bytes without blocking, not more.
    const auto size =
        ::write(fd_, bytes.data(), blocking_ ? std::min<std::size_t>(bytes.size(), PIPE_BUF) : bytes.size());
    if (size >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(size));
    else if (!try_again())
      throw sys::SystemError{"write descriptor " + std::to_string(fd_)};
  }
}

}  // namespace lblab::guest
