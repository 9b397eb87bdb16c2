#include "lbcore/dataplane/nginx.hpp"

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <iostream>
#include <set>

#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"
#include "lbcore/dataplane/nginx_config.hpp"
#include "lbcore/dataplane/program.hpp"
#include "lbcore/ipvs/namespace.hpp"

namespace lbcore::dataplane {

using namespace std::chrono_literals;

namespace {

constexpr auto nginx_finish = 2s;  // for the last requests
// The master says so when the sockets are open and it has the configuration, at start.
constexpr const char* open_for_requests = "start worker processes";
// Each worker of before says so when it takes no more connections, after SIGHUP. Until then some are served
// by the old configuration.
constexpr const char* stepped_down = "gracefully shutting down";

/// What worker_processes auto means to nginx (ngx_posix_init.c).
long workers() { return ::sysconf(_SC_NPROCESSORS_ONLN); }

}  // namespace

Nginx::Nginx(boost::asio::any_io_executor executor, std::string folder)
    : executor_(executor), again_(executor), folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
}

std::vector<ipvs::ServiceCounters> Nginx::counters() {
  std::vector<ipvs::ServiceCounters> all;
  for (const auto& service : table_) {
    all.push_back({service.key, {}, {}});
    for (const auto& d : service.destinations)
      all.back().destinations.push_back({d.address, d.port, {}, 0, 0, 0});
  }
  return all;
}

void Nginx::prepare(std::span<const Range> ranges) {
  ranges_.assign(ranges.begin(), ranges.end());
  std::set<Prefix> local;
  for (const auto& range : ranges) local.insert(range.addresses);
  ipvs::set_local_routes(local);
  configure(table_);
}

void Nginx::apply(const Table& desired, std::span<const ipvs::Change>) {
  configure(desired);
  table_ = desired;
}

void Nginx::clear() {
  again_.cancel();
  if (child_) child_->end(SIGQUIT, nginx_finish);
  child_.reset();
  text_.clear();
  ipvs::set_local_routes({});
}

void Nginx::configure(const Table& table) {
  const auto text = nginx::config(ranges_, table, folder_);
  if (text == text_) return;
  const std::string file = folder_ + "/nginx.conf", wanted = file + ".new";
  lblab::sys::write_file(wanted, text);
  output_of({"nginx", "-t", "-q", "-e", "stderr", "-p", folder_, "-c", wanted});
  std::filesystem::rename(wanted, file);
  if (child_) {
    child_->signal(SIGHUP);
    child_->until("reload nginx", stepped_down, child_patience, workers());
  } else {
    start();
  }
  text_ = text;
}

void Nginx::start() {
  again_.cancel();
  // -e: otherwise it opens Debian's /var/log/nginx/error.log before it reads its configuration.
  const std::vector<std::string> argv{"nginx", "-e", "stderr", "-p", folder_, "-c", folder_ + "/nginx.conf"};
  child_.emplace(executor_, argv, [this] { start_later(); });
  try {
    child_->until("start nginx", open_for_requests, child_patience);
  } catch (...) {
    child_.reset();
    throw;
  }
}

void Nginx::start_later() {
  child_.reset();
  again_.expires_after(child_pause);
  again_.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled || child_) return;
    try {
      start();
    } catch (const lblab::sys::SystemError& e) {
      std::cerr << "lbd: " << e.what() << "\n";
      start_later();
    }
  });
}

}  // namespace lbcore::dataplane
