#include <map>

#include "lab/guest/features.hpp"

namespace lblab::guest {

const std::vector<std::string>& kernel_features() {
  static const std::vector<std::string> features = {"root",
                                                    "netns",
                                                    "mount",
                                                    "userns",
                                                    "veth",
                                                    "bridge",
                                                    "vxlan",
                                                    "ipip",
                                                    "tun",
                                                    "dummy",
                                                    "vrf",
                                                    "nftables",
                                                    "ipvs",
                                                    "netem",
                                                    "xdp",
                                                    "multipath",
                                                    "multipath-hash-fields",
                                                    "nexthop",
                                                    "resilient-nexthop"};
  return features;
}

std::string remedy(const std::string& feature) {
  static const std::map<std::string, std::string> remedies = {
      {"root", "run it as root; a container needs --privileged"},
      {"netns", "run it as root; a container needs --privileged"},
      {"mount", "run it as root; a container needs --privileged"},
      {"userns", "sysctl kernel.unprivileged_userns_clone=1"},
      {"nftables", "kernel module nf_tables"},
      {"ipvs", "kernel module ip_vs"},
      {"netem", "kernel module sch_netem"},
      {"tun", "kernel module tun, and /dev/net/tun"},
      {"xdp", "a kernel with CONFIG_BPF_SYSCALL, and CAP_BPF"},
      {"multipath", "a kernel with CONFIG_IP_ROUTE_MULTIPATH"},
      {"multipath-hash-fields", "Linux 5.14"},
      {"nexthop", "Linux 5.3"},
      {"resilient-nexthop", "Linux 5.13"},
      {"program:bird", "Debian package bird2"},
      {"program:birdc", "Debian package bird2"},
      {"program:busybox", "Debian package busybox-static"},
      {"program:gobgp", "Debian package gobgpd"},
      {"program:ip", "Debian package iproute2"},
      {"program:bridge", "Debian package iproute2"},
      {"program:ss", "Debian package iproute2"},
      {"program:tc", "Debian package iproute2"},
      {"program:nft", "Debian package nftables"},
      {"program:iptables-restore", "Debian package iptables"},
      {"program:qemu-system-x86_64", "Debian package qemu-system-x86"},
      {"program:lbd", "built with lblab, and installed beside it"},
      {"program:lbd-announce", "built with lblab, and installed beside it"},
      {"program:fibd", "built with lblab, and installed beside it"},
      {"program:overlayd", "built with lblab, and installed beside it"},
  };
  if (const auto found = remedies.find(feature); found != remedies.end()) return found->second;
  constexpr std::string_view program = "program:";
  if (feature.starts_with(program)) return "Debian package " + feature.substr(program.size());
  return "kernel module " + feature;
}

}  // namespace lblab::guest
