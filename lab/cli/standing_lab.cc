#include "lab/cli/standing_lab.hpp"

#include <fmt/format.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>

#include "lab/cli/end_lab.hpp"

namespace lblab::cli {

namespace asio = boost::asio;

namespace {

asio::awaitable<void> until_closed(sys::Fd pipe) {
  asio::posix::stream_descriptor stop{co_await asio::this_coro::executor, pipe.release()};
  boost::system::error_code ignored;
  co_await stop.async_wait(asio::posix::stream_descriptor::wait_read,
                           asio::redirect_error(asio::use_awaitable, ignored));
}

/// What the thread does; `ready` is kept once, whatever happens.
void keep(const Topology& topology, const std::string& file, const Progress& progress, sys::Fd stopped,
          std::promise<void> ready) {
  bool is_up = false;
  try {
    const BringUp bringing{.file = file, .kernel = "host", .further_needs = {}, .ends_with_us = true};
    bring_up(topology, bringing, progress, [&](http::Socket) -> asio::awaitable<void> {
      is_up = true;
      ready.set_value();
      co_await until_closed(std::move(stopped));
    });
  } catch (...) {
    if (!is_up) ready.set_exception(std::current_exception());
  }
}

}  // namespace

StandingLab::StandingLab(Topology topology, std::string file, const Progress& progress)
    : name_(topology.cluster.name) {
  auto pipe = sys::make_pipe();
  stop_ = std::move(pipe.write);
  std::promise<void> ready;
  auto is_ready = ready.get_future();
  keeper_ = std::thread{[topology = std::move(topology), file = std::move(file), progress,
                         stopped = std::move(pipe.read), ready = std::move(ready)]() mutable {
    keep(topology, file, progress, std::move(stopped), std::move(ready));
  }};
  try {
    is_ready.get();
  } catch (...) {
    keeper_.join();
    throw;
  }
}

StandingLab::~StandingLab() {
  stop_ = sys::Fd{};
  keeper_.join();
  try {
    end_lab(name_);
  } catch (const std::exception& error) {
    fmt::print(stderr, "lblab: {}\n", error.what());
  }
}

}  // namespace lblab::cli
