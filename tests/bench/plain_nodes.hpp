#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lab/model/lab.hpp"
#include "lab/sys/netns.hpp"

/// N plain nodes, made and unmade in two ways: by a lab's plan, and by ip(8). A node is a namespace with lo
/// up, one veth to a bridge in a fabric namespace, one address, one default route and one sysctl.
namespace lblab::bench {

model::Lab plain_lab(int nodes, bool named);

/// CPU of this process and of the children it has waited for; what the kernel does in the background is in
/// neither.
struct Cost {
  std::chrono::duration<double> cpu{}, wall{};
};

class PlainNodes {
 public:
  virtual ~PlainNodes() = default;
  virtual Cost up() = 0;
  virtual Cost down() = 0;
  /// Of "fabric", "n1", "n2", …
  virtual sys::Netns netns(const std::string& host) const = 0;
};

/// compile + LinuxKernel; `folder` is its state folder.
std::unique_ptr<PlainNodes> by_plan(int nodes, bool named, const std::string& folder);

/// `ip -batch`, in the cheapest shape that does the same: one batch for the names, one for the fabric, and
/// one `ip -n NODE -batch` a node, since a batch cannot change namespace without starting a program. Its only
/// way to a sysctl is another batch of `netns exec NODE sysctl`; with `sysctls_for_free` this process writes
/// them instead, and what is measured is less than ip can do it for. `folder` holds the batches.
std::unique_ptr<PlainNodes> by_ip(int nodes, const std::string& folder, bool sysctls_for_free = false);

/// What ip -j shows of a host, without what is the kernel's or the tool's choice: numbers of links, MAC
/// addresses, and the moment's state.
nlohmann::json seen(const PlainNodes&, const std::string& host);

}  // namespace lblab::bench
