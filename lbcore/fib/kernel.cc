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
  std::vector<Change> hops, rest;
  for (const Change& change : changes)
    (std::holds_alternative<AddHop>(change) ? hops : rest).push_back(change);
  auto refusals = flush(hops);
  return refusals.empty() ? flush(rest) : refusals;
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

void Kernel::drain_events() {
  // What was missed in an overrun does not matter: every event means only "read anew".
  events_.read([](const nlmsghdr&) {});
}

}  // namespace lbcore::fib
