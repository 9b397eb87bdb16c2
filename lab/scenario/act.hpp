#pragma once

#include <boost/asio/awaitable.hpp>

#include "lab/run/running_lab.hpp"

namespace lblab::scenario {

/// Carries out one step that changes something, or connects. Returns when it is done; what follows from it is
/// not waited for. Expectations and waits are none of its business. Throws run::Refused for what this lab has
/// not.
boost::asio::awaitable<void> act(run::RunningLab&, const model::Step&);

}  // namespace lblab::scenario
