#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

#include "lbcore/overlay/packet.hpp"
#include "lbcore/overlay/routes.hpp"
#include "lbcore/overlay/settings.hpp"

namespace lbcore::overlay {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// RFC 791, 3.1: version and header length, total length, destination.
Bytes packet(std::size_t header_words, std::size_t total, std::uint32_t destination) {
  Bytes bytes(total);
  bytes[0] = static_cast<std::uint8_t>(0x40 | header_words);
  bytes[2] = static_cast<std::uint8_t>(total >> 8);
  bytes[3] = static_cast<std::uint8_t>(total);
  for (int n = 0; n < 4; ++n) bytes[16 + n] = static_cast<std::uint8_t>(destination >> (24 - 8 * n));
  return bytes;
}

TEST(AWrappedPacket, IsAsLongAsItsHeaderSays) {
  auto bytes = packet(5, 84, 0xac100202);
  ASSERT_TRUE(ipv4_packet(bytes));
  EXPECT_EQ(ipv4_packet(bytes)->bytes.size(), 84u);
  EXPECT_EQ(ipv4_packet(bytes)->destination, 0xac100202u);
  bytes.resize(100);
  EXPECT_EQ(ipv4_packet(bytes)->bytes.size(), 84u) << "what follows it is no part of it";
}

TEST(AWrappedPacket, ThatIsCutOffOrContradictsItselfIsNone) {
  const auto whole = packet(6, 60, 1);
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(ipv4_packet(std::span{whole}.first(length))) << length;
  for (const std::uint8_t first :
       {0x00, 0x44, 0x40, 0x55, 0x60, 0xf5}) {  // no version 4, or a header too short
    auto wrong = whole;
    wrong[0] = first;
    EXPECT_FALSE(ipv4_packet(wrong)) << int{first};
  }
  auto shorter_than_its_header = packet(15, 60, 1);
  shorter_than_its_header[3] = 59;
  EXPECT_FALSE(ipv4_packet(shorter_than_its_header));
}

RC_GTEST_PROP(AWrappedPacket, IsNeverLongerThanTheBytesThatCame, (Bytes bytes)) {
  if (!bytes.empty() && *rc::gen::arbitrary<bool>()) bytes[0] = 0x45;
  const auto found = ipv4_packet(bytes);
  if (!found) return;
  RC_ASSERT(found->bytes.data() == bytes.data());
  RC_ASSERT(found->bytes.size() <= bytes.size());
  RC_ASSERT(found->bytes.size() >= 20u);
  RC_ASSERT(found->bytes.size() == std::size_t{bytes[2]} * 256 + bytes[3]);
}

RC_GTEST_PROP(Routes, TakeTheLongestPrefixThatHasTheAddress, ()) {
  const auto drawn = *rc::gen::container<std::vector<std::pair<int, std::uint32_t>>>(
      rc::gen::pair(rc::gen::inRange(0, 33), rc::gen::inRange<std::uint32_t>(0, 8)));
  Settings settings;
  for (const auto& [length, seed] : drawn) {
    const Prefix to = Prefix{Address::v4(0xac100000 + (seed << 13)), length}.network();
    if (std::ranges::find(settings.routes, to, &Settings::Route::to) == settings.routes.end())
      settings.routes.push_back({to, Address::v4(static_cast<std::uint32_t>(settings.routes.size()) + 1)});
  }
  const auto asked = 0xac100000 + *rc::gen::inRange<std::uint32_t>(0, 1 << 16);
  const Settings::Route* longest = nullptr;
  for (const auto& route : settings.routes)
    if (route.to.contains(Address::v4(asked)) && (!longest || route.to.length > longest->to.length))
      longest = &route;
  const auto found = Routes{settings}.node_of(asked);
  RC_ASSERT(found == (longest ? std::optional{longest->via.v4_number()} : std::nullopt));
}

TEST(Peers, AreTheNodesOfTheRoutesUnlessTheyAreNamed) {
  Settings settings;
  settings.routes = {{*Prefix::parse("172.16.2.0/24"), *Address::parse("10.0.0.106")}};
  EXPECT_TRUE(Routes{settings}.is_peer(0x0a00006a));
  EXPECT_FALSE(Routes{settings}.is_peer(0x0a00006b));
  settings.peers = {*Address::parse("10.0.0.107")};
  EXPECT_FALSE(Routes{settings}.is_peer(0x0a00006a));
  EXPECT_TRUE(Routes{settings}.is_peer(0x0a00006b));
}

TEST(Configuration, IsReadAsWritten) {
  const auto [settings, mistakes] = parse(
      "device: overlay\n"
      "listen: 10.0.0.105\n"
      "port: 9000\n"
      "peers: [10.0.0.106, 10.0.0.109]\n"
      "routes: [{to: 172.16.2.0/24, via: 10.0.0.106}]\n");
  ASSERT_TRUE(settings) << testing::PrintToString(mistakes.size());
  EXPECT_EQ(settings->device, "overlay");
  EXPECT_EQ(settings->listen.str(), "10.0.0.105");
  EXPECT_EQ(settings->port, 9000);
  EXPECT_EQ(settings->peers.size(), 2u);
  EXPECT_EQ(settings->routes,
            (std::vector<Settings::Route>{{*Prefix::parse("172.16.2.0/24"), *Address::parse("10.0.0.106")}}));
}

TEST(Configuration, HasAllItsMistakesToldWithTheirPlaces) {
  const auto mistakes = parse(
                            "device: much-too-long-a-name\n"
                            "listen: fd00::1\n"
                            "routs: []\n"
                            "routes:\n"
                            "  - {to: 172.16.2.1/24, via: 10.0.0.106}\n"
                            "  - {to: 172.16.3.0/24, via: 10.0.0.106}\n"
                            "  - {to: 172.16.3.0/24, via: 10.0.0.107}\n")
                            .mistakes;
  std::vector<std::string> told;
  for (const auto& mistake : mistakes) told.push_back(format(mistake, "f"));
  EXPECT_THAT(told,
              testing::ElementsAre(testing::HasSubstr("f:1:9: 'much-too-long-a-name'"),
                                   testing::HasSubstr("f:2:9: listen is IPv6"),
                                   testing::HasSubstr("f:3:1: unknown key 'routs'"),
                                   testing::HasSubstr("f:5:10: to 172.16.2.1/24 has host bits"),
                                   testing::HasSubstr("f:7:5: there is another route to 172.16.3.0/24")));
}

}  // namespace
}  // namespace lbcore::overlay
