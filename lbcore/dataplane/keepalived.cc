#include "lbcore/dataplane/keepalived.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"
#include "lbcore/dataplane/keepalived_config.hpp"
#include "lbcore/ipvs/path.hpp"

namespace lbcore::dataplane {

using namespace std::chrono_literals;
namespace sys = lblab::sys;

namespace {

constexpr auto keepalived_finish = 5s;  // to take away what it made
constexpr const char* started = "Startup complete";
constexpr const char* reloaded = "Reload complete";

/// Open for writing too, so that it has no end when keepalived closes it.
int open_fifo(const std::string& path) {
  const std::string attempt = "make " + path;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::filesystem::remove(path);
  sys::check(attempt, ::mkfifo(path.c_str(), 0600));
  return sys::check(attempt, ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
}

bool has(const Table& table, const Place& place) {
  const auto service = std::ranges::find(table, place.service, &VirtualService::key);
  return service != table.end() && std::ranges::any_of(service->destinations, [&](const Destination& d) {
           return d.address == place.address && d.port == place.port;
         });
}

}  // namespace

Keepalived::Keepalived(boost::asio::any_io_executor executor, std::string folder)
    : executor_(executor),
      again_(executor),
      folder_(std::move(folder)),
      told_(executor, open_fifo(file("told"))) {}

void Keepalived::prepare(std::span<const Range> ranges) {
  ipvs::prepare(ranges);
  ranges_.assign(ranges.begin(), ranges.end());
  if (child_) configure(desired_);
}

void Keepalived::apply(const Table& desired, std::span<const ipvs::Change>) {
  configure(desired);
  desired_ = desired;
}

void Keepalived::clear() {
  stop();
  ipvs::clear();
}

void Keepalived::follow(std::function<void(Changed)> changed) {
  changed_ = std::move(changed);
  read_told();
}

void Keepalived::configure(const Table& desired) {
  if (!keepalived::has_work(desired)) return stop();
  if (!child_) adopt(desired);
  std::erase_if(believed_, [&](const Place& place) { return !has(desired, place); });
  const auto text = keepalived::config(ranges_, desired, believed_, file("told"));
  if (child_ && text == text_) return;
  sys::write_file(file("keepalived.conf.new"), text);
  std::filesystem::rename(file("keepalived.conf.new"), file("keepalived.conf"));
  if (child_) {
    child_->signal(SIGHUP);
    child_->until("reload keepalived", reloaded, child_patience);
  } else {
    start();
  }
  text_ = text;
}

/// What keepalived would not touch is brought in order; the rest it is to believe in.
void Keepalived::adopt(const Table& desired) {
  auto wanted = desired;
  std::erase_if(wanted, [](const VirtualService& service) { return service.destinations.empty(); });
  auto changes = ipvs::reconcile(wanted, client_.table());
  std::erase_if(changes, [](const ipvs::Change& change) {
    return std::holds_alternative<ipvs::AddService>(change) ||
           std::holds_alternative<ipvs::AddDestination>(change);
  });
  client_.apply(changes);
  believed_.clear();
  for (const auto& service : client_.table())
    for (const auto& d : service.destinations) believed_.insert({service.key, d.address, d.port});
}

void Keepalived::start() {
  again_.cancel();
  // It would take itself for one that runs already: in a PID namespace of its own it is always number 1.
  for (const char* name : {"keepalived.pid", "checkers.pid"}) std::filesystem::remove(file(name));
  child_.emplace(
      executor_,
      std::vector<std::string>{"keepalived", "--dont-fork", "--check", "--dont-respawn", "--log-console",
                               "--log-detail", "--no-syslog", "--use-file", file("keepalived.conf"), "--pid",
                               file("keepalived.pid"), "--checkers_pid", file("checkers.pid")},
      [this] { start_later(); });
  try {
    child_->until("start keepalived", started, child_patience);
  } catch (...) {
    child_.reset();
    throw;
  }
}

void Keepalived::start_later() {
  child_.reset();
  again_.expires_after(child_pause);
  again_.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled || child_) return;
    try {
      configure(desired_);
    } catch (const sys::SystemError& e) {
      std::cerr << "lbd: " << e.what() << "\n";
      start_later();
    }
  });
}

/// keepalived takes away what it put there, unless it has ended before.
void Keepalived::stop() {
  again_.cancel();
  if (child_) child_->end(SIGTERM, keepalived_finish);
  child_.reset();
  text_.clear();
  client_.apply(ipvs::reconcile({}, client_.table()));
}

void Keepalived::read_told() {
  told_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
    if (error) return;
    std::array<char, 4096> lines;
    while (::read(told_.native_handle(), lines.data(), lines.size()) > 0) {
    }
    changed_(Changed::table);
    read_told();
  });
}

}  // namespace lbcore::dataplane
