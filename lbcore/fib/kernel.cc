#include "lbcore/fib/kernel.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <iterator>

namespace lbcore::fib {

namespace {

constexpr std::array<unsigned, 6> groups{RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                         RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,  RTNLGRP_NEXTHOP};

bool removes(const Change& change) {
  return std::holds_alternative<RemoveRoute>(change) || std::holds_alternative<RemoveNexthop>(change);
}

/// Each stage is tried when nothing of those before it was refused.
std::size_t stage(const Change& change) {
  if (std::holds_alternative<AddHop>(change)) return 0;
  return std::holds_alternative<RemoveNexthop>(change) ? 2 : 1;
}

bool is_absent(int error) { return error == ESRCH || error == ENOENT; }

}  // namespace

Kernel::Kernel() : events_(lblab::sys::Netns::current(), groups) {}

Actual Kernel::read() {
  Actual actual;
  actual.nexthops = nl::nexthops(socket_);
  actual.routes = nl::routes(socket_, AF_INET);
  std::ranges::move(nl::routes(socket_, AF_INET6), std::back_inserter(actual.routes));
  return actual;
}

std::vector<Refusal> Kernel::apply(const std::vector<Change>& changes) {
  std::array<std::vector<Change>, 3> stages;
  for (const Change& change : changes) stages.at(stage(change)).push_back(change);
  for (const auto& some : stages)
    if (auto refusals = flush(some); !refusals.empty()) return refusals;
  return {};
}

std::vector<Refusal> Kernel::flush(const std::vector<Change>& changes) {
  for (std::size_t i = 0; i < changes.size(); ++i) socket_.queue(message(changes[i]), i);
  std::vector<Refusal> refusals;
  for (const auto& failure : socket_.flush()) {
    const Change& change = changes.at(failure.cookie);
    if (removes(change) && is_absent(failure.error)) continue;
    refusals.push_back({change, failure.reason.empty() ? std::strerror(failure.error) : failure.reason});
  }
  return refusals;
}

bool Kernel::drain_events() {
  bool changed = false;
  const auto outcome = events_.read(
      [&](const nlmsghdr& head) { changed = changed || head.nlmsg_type != RTM_NEWNEXTHOPBUCKET; });
  // What was missed in an overrun does not matter: every event means only "read anew".
  return changed || outcome == nl::EventSocket::Read::overrun;
}

}  // namespace lbcore::fib
