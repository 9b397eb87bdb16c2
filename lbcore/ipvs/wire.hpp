#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "lbcore/ipvs/client.hpp"
#include "lbcore/service.hpp"

struct nl_msg;
struct nl_sock;

/// The kernel's form of the values: attributes of linux/ip_vs.h in generic netlink messages.
namespace lbcore::ipvs::wire {

struct Free {
  void operator()(nl_msg*) const;
};
using Message = std::unique_ptr<nl_msg, Free>;

/// command: IPVS_CMD_*; flags: NLM_F_* beyond NLM_F_REQUEST and NLM_F_ACK.
Message request(int family, std::uint8_t command, int flags = 0);

/// What identifies a service or a destination, or all of it.
void put(nl_msg*, const ServiceKey&);
void put(nl_msg*, const VirtualService&);
void put(nl_msg*, const Address&, std::uint16_t port);
void put(nl_msg*, const Destination&);
void put(nl_msg*, const Timeouts&);

/// A message of a dump, as values; `service` and `destination` come without their children.
struct ServiceEntry {
  VirtualService service;
  Counters counters;
};
struct DestinationEntry {
  Destination destination;
  DestinationCounters counters;
};
ServiceEntry service_of(nl_msg*);
DestinationEntry destination_of(nl_msg*);
Timeouts timeouts_of(nl_msg*);

/// Sends a request and waits for its acknowledgement or the end of its dump. Throws SystemError{attempt} with
/// the kernel's error.
std::vector<Message> exchange(nl_sock*, Message, std::string_view attempt);

}  // namespace lbcore::ipvs::wire
