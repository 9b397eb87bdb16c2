#pragma once

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "fixtures/ip_oracle.hpp"
#include "lab/nl/builder.hpp"
#include "lab/nl/events.hpp"

namespace lblab {

/// Asks the kernel itself whether namespaces are gone: an id that one namespace has for another (RTM_NEWNSID)
/// does not keep that one alive, and disappears with it.
class NamespaceWatch {
 public:
  void add(const sys::Netns& netns) {
    rtgenmsg body{};
    body.rtgen_family = AF_UNSPEC;
    const nl::Message message = nl::Builder{RTM_NEWNSID, 0, body}
                                    .u32(NETNSA_NSID, static_cast<std::uint32_t>(next_id_++))
                                    .u32(NETNSA_FD, static_cast<std::uint32_t>(netns.fd().get()))
                                    .message();
    socket_.request("give a namespace an id", message);
  }
  /// How many of those added exist, by ip(8).
  std::size_t alive() const { return fixtures::ip(home_, "netns list-id").size(); }
  /// Waits until none does: they are taken apart in the background.
  bool all_gone_within(std::chrono::seconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (alive() > 0) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      pollfd wanted{events_.fd().get(), POLLIN, 0};
      if (left.count() <= 0 || ::poll(&wanted, 1, static_cast<int>(left.count())) <= 0) return alive() == 0;
      events_.read([](const nlmsghdr&) {});
    }
    return true;
  }

 private:
  static constexpr std::array<unsigned, 1> groups_{RTNLGRP_NSID};
  sys::Netns home_ = sys::Netns::create();
  nl::Socket socket_{home_};
  nl::EventSocket events_{home_, groups_};
  int next_id_ = 0;
};

}  // namespace lblab
