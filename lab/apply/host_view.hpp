#pragma once

#include <string>

#include "lab/apply/host_folder.hpp"
#include "lab/sys/netns.hpp"

namespace lblab::apply {

/// How a host sees the machine: a mount and a uts namespace. /run, /tmp, /var/log and /var/tmp are its own,
/// /proc shows the lab's PID namespace, /sys its network, /etc/hosts the lab's names, and its hostname is its
/// name. Mounts made on the machine later still show up in it; none of its own show outside. Gone when the
/// last process in it and this object are.
class HostView {
 public:
  struct Plan {
    std::string hostname;
    const sys::Netns& netns;
    const HostFolder& folder;  // made already
    std::string hosts_file;    // shown as /etc/hosts
    std::string programs;      // a folder that stays in sight even if it lies below one of those; or empty
  };
  explicit HostView(const Plan&);

  const sys::Fd& mounts() const { return mounts_; }
  const sys::Fd& uts() const { return uts_; }

 private:
  sys::Fd mounts_, uts_;
};

}  // namespace lblab::apply
