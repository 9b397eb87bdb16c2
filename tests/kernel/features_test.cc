#include "lab/guest/features.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fixtures/program.hpp"

namespace lblab::guest {
namespace {

struct Asked {
  std::string feature;
  std::vector<std::string>
      oracle;  // a program that succeeds, in a fresh namespace, exactly where the feature is there
};

std::ostream& operator<<(std::ostream& out, const Asked& asked) { return out << asked.feature; }

class FeaturesTest : public testing::TestWithParam<Asked> {};

TEST_P(FeaturesTest, AreThoseThatOtherProgramsFind) {
  bool found = true;
  std::string why;
  try {
    fixtures::output_of(GetParam().oracle, sys::Netns::create());
  } catch (const std::runtime_error& error) {
    found = false;
    why = error.what();
  }
  EXPECT_EQ(Features().has(GetParam().feature), found) << why;
}

std::vector<std::string> link(const std::string& kind, std::vector<std::string> options = {}) {
  std::vector<std::string> argv{"ip", "link", "add", "probe0", "type", kind};
  argv.insert(argv.end(), options.begin(), options.end());
  return argv;
}

INSTANTIATE_TEST_SUITE_P(
    Each, FeaturesTest,
    testing::Values(
        Asked{"veth", link("veth")}, Asked{"bridge", link("bridge")}, Asked{"dummy", link("dummy")},
        Asked{"vxlan", link("vxlan", {"id", "5", "dstport", "4789"})},
        Asked{"ipip", link("ipip", {"local", "192.0.2.1", "remote", "192.0.2.2"})},
        Asked{"vrf", link("vrf", {"table", "5"})}, Asked{"no-such-kind", link("no-such-kind")},
        Asked{"tun", {"ip", "tuntap", "add", "probe0", "mode", "tun"}},
        Asked{"netem", {"tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"}},
        Asked{"nftables", {"nft", "add", "table", "inet", "probe"}}, Asked{"ipvs", {"ipvsadm", "-Ln"}},
        Asked{"xdp", {"sh", "-c", "bpftool feature probe kernel | grep -q 'program_type xdp is available'"}},
        Asked{"nexthop", {"ip", "nexthop", "add", "id", "1", "blackhole"}},
        Asked{"resilient-nexthop",
              {"sh", "-c",
               "ip nexthop add id 1 blackhole && ip nexthop add id 2 group 1 type resilient buckets 8"}},
        Asked{"multipath",
              {"sh", "-c", "ip link set lo up && ip route add 198.51.100.1 nexthop dev lo nexthop dev lo"}}),
    [](const auto& info) {
      auto name = info.param.feature;
      std::ranges::replace(name, '-', '_');
      return name;
    });

TEST(FeaturesOfRoot, AreThere) {
  Features features;
  for (const auto* feature : {"root", "netns", "mount"}) EXPECT_TRUE(features.has(feature)) << feature;
}

/// As in containers that have some of what root has.
TEST(FeaturesOfRoot, AreNotThereWhereNetworksCannotBeSetUp) {
  const auto root_in = [](const std::string& before) {
    const auto report = nlohmann::json::parse(fixtures::output_of(
        {"sh", "-c", before + LBLAB_PROGRAM + " doctor --json || true"}, sys::Netns::current()));
    for (const auto& line : report["kernel"])
      if (line["name"] == "root") return line["good"].get<bool>();
    return false;
  };
  EXPECT_TRUE(root_in(""));
  EXPECT_FALSE(root_in("setpriv --bounding-set -net_admin "));
  EXPECT_FALSE(root_in("setpriv --bounding-set -sys_admin "));
  EXPECT_FALSE(root_in("unshare -m sh -c 'mount --bind -o ro /proc/sys /proc/sys && exec \"$0\" \"$@\"' "));
}

TEST(Features, WhatIsMissingIsNamedWithWhatHasIt) {
  const auto missing = Features().missing({"program:sh", "program:gobgp-of-nobody", "no-such-kind"});
  EXPECT_THAT(missing, testing::ElementsAre(
                           Missing{"no-such-kind", "kernel module no-such-kind", true},
                           Missing{"program:gobgp-of-nobody", "Debian package gobgp-of-nobody", false}));
}

}  // namespace
}  // namespace lblab::guest
