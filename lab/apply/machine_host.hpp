#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lab/apply/host_folder.hpp"
#include "lab/apply/host_view.hpp"
#include "lab/apply/namespace_name.hpp"
#include "lab/nl/socket.hpp"
#include "lab/sys/netns.hpp"

namespace lblab::apply {

/// One host as it is on the machine, and what LinuxKernel knows of it. Members are declared so that they are
/// released in reverse: first the view and the name, last the namespace.
struct MachineHost {
  struct Link {
    int index = 0;
    std::string peer_host, peer_link;  // of a veth
  };

  explicit MachineHost(std::string host_name) : name(std::move(host_name)), socket(netns) {}

  std::string name;
  sys::Netns netns = sys::Netns::create();
  nl::Socket socket;
  HostFolder folder;
  std::optional<NamespaceName> shown_name;
  std::optional<HostView> view;  // made when first needed

  std::map<std::string, Link> links;  // those that we made
  /// Indexes are ours to choose, so that no answer has to be waited for. Modules that give every namespace
  /// devices of their own (tunl0, sit0) take low ones.
  int next_index = 101;
  /// Hosts whose queued messages make links that appear here.
  std::set<std::string> waits_for;
  std::set<std::string> impaired;  // links with a netem qdisc
  std::set<std::string> has_ipv6;  // links with an IPv6 address; others are silenced before they go up
  std::set<std::string> processes;
  std::vector<std::pair<std::string, sys::Prefix>> addresses;  // (link, address) in the order they came
  std::set<std::string> sysctls;                               // set by us
  bool sysctls_spread = false;                                 // one of them changes others
  bool is_untouched = true;                                    // nothing ran in it yet
  bool has_no_ipv6 = false;                                    // disable_ipv6 is set
};

}  // namespace lblab::apply
