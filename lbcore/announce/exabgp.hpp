#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lab/sys/fd.hpp"
#include "lbcore/announce/agent.hpp"

/// exabgp 4.2, which runs lbd-announce as an API process: it answers every command, in order, with a line
/// "done" or "error" (its setting api.ack, on by default), and writes sessions' changes as JSON lines
/// between. It starts another helper where one has crashed.
namespace lbcore::announce::exabgp {

/// A command of its API, without newline.
std::string command(const Request&);
/// A line that it wrote; nothing: it says nothing of sessions, routes or commands.
std::optional<FromAgent> read(std::string_view line);

/// Gone when exabgp closes its end.
std::unique_ptr<Agent> agent(const boost::asio::any_io_executor&, lblab::sys::Fd from_exabgp,
                             lblab::sys::Fd to_exabgp);

}  // namespace lbcore::announce::exabgp
