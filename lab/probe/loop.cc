#include "lab/probe/loop.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

#include <algorithm>

#include "lab/sys/error.hpp"

namespace lblab::probe {

using std::chrono::seconds;

namespace {
constexpr std::uint64_t signal_token = ~0ULL;
}  // namespace

Loop::Loop() {
  epoll_ = sys::Fd{sys::check("make an epoll", ::epoll_create1(EPOLL_CLOEXEC))};
  sigset_t ends;
  ::sigemptyset(&ends);
  ::sigaddset(&ends, SIGTERM);
  ::sigaddset(&ends, SIGINT);
  sys::check("block signals", ::sigprocmask(SIG_BLOCK, &ends, nullptr));
  signals_ = sys::Fd{sys::check("make a signalfd", ::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK))};
  watch(signals_, EPOLLIN, signal_token);
  // Otherwise each timed wait may end 50 µs late, by prctl(2).
  sys::check("set the timer slack", ::prctl(PR_SET_TIMERSLACK, 1));
}

void Loop::watch(const sys::Fd& fd, std::uint32_t events, std::uint64_t token) {
  epoll_event event{.events = events, .data = {.u64 = token}};
  sys::check("watch a descriptor", ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event));
}

std::span<const epoll_event> Loop::wait(nanoseconds until) {
  const auto left = std::max(until - now(), nanoseconds{0});
  const timespec timeout{.tv_sec = left / seconds{1}, .tv_nsec = (left % seconds{1}).count()};
  const int count =
      ::epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()), &timeout, nullptr);
  if (count < 0 && errno == EINTR) return {};
  sys::check("wait for events", count);
  const auto end = std::remove_if(events_.begin(), events_.begin() + count, [&](const epoll_event& event) {
    if (event.data.u64 != signal_token) return false;
    signalfd_siginfo ignored;
    while (::read(signals_.get(), &ignored, sizeof ignored) > 0) ending_ = true;
    return true;
  });
  return {events_.begin(), end};
}

void drive(Loop& loop, Probe& probe, nanoseconds linger, const std::function<void()>& running) {
  const auto wait = [&](nanoseconds until) {
    for (const auto& event : loop.wait(until)) probe.take(event);
  };
  auto next = probe.act(now(), true);
  running();
  for (; !loop.is_ending(); next = probe.act(now(), !loop.is_ending())) wait(next);
  const auto deadline = now() + linger;
  for (; probe.is_outstanding() && now() < deadline; next = probe.act(now(), false))
    wait(std::min(next, deadline));
}

}  // namespace lblab::probe
