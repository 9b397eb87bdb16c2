#pragma once

#include "lab/daemons/program.hpp"
#include "lab/model/scenario.hpp"

/// lblab-probe: what sends, answers and records for a scenario. A probe writes its record when it is stopped.
namespace lblab::daemons::probe {

/// Answers UDP datagrams and, line by line, TCP connections.
Program udp_echo(std::uint16_t port);
Program tcp_echo(std::uint16_t port);

Program udp(const model::UdpTraffic&, const Address& to, std::uint16_t port);
Program http(const model::HttpTraffic&, const Address& to, std::uint16_t port);
Program flows(const model::FlowTraffic&, const Address& to, std::uint16_t port);
/// How late a thread of this kernel wakes up.
Program jitter();

/// Where a probe of this kind ("udp", "http", "flows", "jitter") leaves its record: a path of its host.
std::string record_path(const std::string& kind);

/// One connection to a tcp_echo(); prints {"event": "connection", "seen": …} and ends.
std::vector<std::string> connect_command(const Address& to, std::uint16_t port);

}  // namespace lblab::daemons::probe
