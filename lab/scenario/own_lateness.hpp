#pragma once

#include <boost/asio/awaitable.hpp>
#include <vector>

#include "lab/probe/record.hpp"

namespace lblab::scenario {

/// Wakes every 50 ms and adds to `late` when it was late by more than that: for so long the supervisor was
/// busy, or did not run, and what it was told meanwhile has the time at which it got to it. (Under emulation
/// one event alone may take it 10 ms; those it still reads in their order.) Goes on until it is cancelled;
/// `late` must outlive it.
boost::asio::awaitable<void> watch_own_lateness(std::vector<probe::JitterRecord::Late>& late);

}  // namespace lblab::scenario
