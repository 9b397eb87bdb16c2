#pragma once

#include <string>
#include <variant>
#include <vector>

#include "lab/model/lab.hpp"

/// Everything that a lab does to a machine, one value an act.
namespace lblab::plan {

using namespace model;

struct AddHost {
  std::string host;
  bool named = true;
  auto operator<=>(const AddHost&) const = default;
};
/// Takes the host with all that is in it: links, routes, files, and kills what still runs there.
struct RemoveHost {
  std::string host;
  auto operator<=>(const RemoveHost&) const = default;
};
/// A Veth makes both ends at once; VethPeer and Loopback are configured by the ops that follow and have no
/// AddLink. Links are made down.
struct AddLink {
  std::string host;
  Link link;
  auto operator<=>(const AddLink&) const = default;
};
struct RemoveLink {
  std::string host, link;
  auto operator<=>(const RemoveLink&) const = default;
};
/// Master, mtu, mac and alias of a link that exists (a VethPeer after its Veth, or a change).
struct ConfigureLink {
  std::string host;
  Link link;
  auto operator<=>(const ConfigureLink&) const = default;
};
struct SetLink {
  std::string host, link;
  bool up = true;
  auto operator<=>(const SetLink&) const = default;
};
/// What the link does to packets that leave by it; all zero: nothing.
struct Impair {
  std::string host, link;
  Impairment impairment;
  auto operator<=>(const Impair&) const = default;
};
/// Makes one end of a veth ready for an XDP program at the other (Link::feeds_xdp), or as a veth is made.
struct FeedXdp {
  std::string host, link;
  bool on = true;
  auto operator<=>(const FeedXdp&) const = default;
};
struct AddAddress {
  std::string host, link;
  Prefix address;
  auto operator<=>(const AddAddress&) const = default;
};
struct RemoveAddress {
  std::string host, link;
  Prefix address;
  auto operator<=>(const RemoveAddress&) const = default;
};
/// Replaces a route of the same destination and table, so that a change has no gap.
struct SetRoute {
  std::string host;
  Route route;
  auto operator<=>(const SetRoute&) const = default;
};
struct RemoveRoute {
  std::string host;
  Route route;
  auto operator<=>(const RemoveRoute&) const = default;
};
struct SetNeighbour {
  std::string host;
  Neighbour neighbour;
  auto operator<=>(const SetNeighbour&) const = default;
};
struct RemoveNeighbour {
  std::string host;
  Neighbour neighbour;
  auto operator<=>(const RemoveNeighbour&) const = default;
};
/// Empty value: what a new namespace has. A key that starts with "-" may be missing on this machine.
struct SetSysctl {
  std::string host, key, value;
  auto operator<=>(const SetSysctl&) const = default;
};
/// The host's whole ruleset, in one transaction; empty text: none.
struct SetNftables {
  std::string host, ruleset;
  auto operator<=>(const SetNftables&) const = default;
};
struct WriteFile {
  std::string host;
  File file;
  auto operator<=>(const WriteFile&) const = default;
};
struct RemoveFile {
  std::string host, path;
  auto operator<=>(const RemoveFile&) const = default;
};
struct Spawn {
  std::string host;
  Process process;
  auto operator<=>(const Spawn&) const = default;
};
/// Sends the stop signal; does not wait. Whoever applies a plan waits for the exits (Process::stop_grace) of
/// each of stop_turns() before the next, and of the last before the ops that follow.
struct Stop {
  std::string host;
  Process process;
  auto operator<=>(const Stop&) const = default;
};
/// Sends the reload signal.
struct Reload {
  std::string host;
  Process process;
  auto operator<=>(const Reload&) const = default;
};

using Op = std::variant<AddHost, RemoveHost, AddLink, RemoveLink, ConfigureLink, SetLink, Impair, FeedXdp,
                        AddAddress, RemoveAddress, SetRoute, RemoveRoute, SetNeighbour, RemoveNeighbour,
                        SetSysctl, SetNftables, WriteFile, RemoveFile, Spawn, Stop, Reload>;
using Plan = std::vector<Op>;

/// One line: "router: route 10.1.1.0/24 via 10.0.0.105 dev eth1". Used by `lblab plan` and by error texts.
std::string describe(const Op&);
const std::string& host_of(const Op&);

}  // namespace lblab::plan
