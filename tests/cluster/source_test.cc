#include "tests/cluster/tested_lab.hpp"

using testing::SizeIs;

/// Which source address each party sees (system: "The path of a request", masquerade). tcpdump is the
/// witness.
class Sources : public TestedLab {
 protected:
  /// The source addresses of TCP connections that `witness` sees opened to `port` while `line` runs in
  /// `actor`.
  static Set seen(const std::string& witness, const std::string& port, const std::string& actor,
                  const std::string& line) {
    // tcpdump says on stderr that it listens: nothing is opened before.
    const std::string script =
        "said=$(mktemp -u); mkfifo $said; "
        "tcpdump -lni any -Q in --immediate-mode 'tcp dst port " +
        port +
        " and tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn' "
        "2>$said >$said.out & dump=$!; exec 3<$said; "
        "while read -t 60 -r line <&3; do case $line in listening*) break;; esac; done; "
        "ip netns exec tested." +
        actor + " sh -c '" + line +
        "'; status=$?; "
        "kill -INT $dump; cat <&3 >/dev/null; wait $dump; cat $said.out; rm $said $said.out; exit $status";
    std::istringstream lines{lab().must_in(witness, {"bash", "-c", script})};
    Set sources;
    for (std::string text; std::getline(lines, text);) {
      const auto ip = text.find(" IP ");
      if (ip == text.npos) continue;
      const std::string source = text.substr(ip + 4, text.find(' ', ip + 4) - ip - 4);
      sources.insert(source.substr(0, source.rfind('.')));
    }
    return sources;
  }
  /// A connection; nobody need listen for the SYN to be seen.
  static std::string connect_to(const std::string& address) {
    return "curl -s --max-time 2 -o /dev/null http://" + address + ":7777/ || true";
  }
};

TEST_F(Sources, AWebPodSeesTheLoadBalancersAndNeverTheClient) {
  const Set sources =
      seen("web-1", "80", "client",
           "for i in $(seq 60); do curl -sS --max-time 20 -o /dev/null http://10.1.1.1/ || exit 1; done");
  for (const auto& source : sources) EXPECT_TRUE(source.starts_with("172.16.")) << source;
  EXPECT_FALSE(sources.contains("192.0.2.10"));
  EXPECT_THAT(sources, SizeIs(3)) << testing::PrintToString(sources);
}

TEST_F(Sources, InsideTheOverlayAPodKeepsItsAddress) {
  EXPECT_EQ(seen("web-2", "7777", "web-1", connect_to("172.16.2.2")), Set{"172.16.1.2"});
}

TEST_F(Sources, TowardsNodesAndTheReflectorAPodKeepsItsAddress) {
  EXPECT_EQ(seen("node2", "7777", "web-1", connect_to("10.0.0.106")), Set{"172.16.1.2"});
  EXPECT_EQ(seen("rr", "7777", "web-1", connect_to("10.0.0.109")), Set{"172.16.1.2"});
}

TEST_F(Sources, TowardsTheRouterAndBeyondAPodCarriesItsNodesAddress) {
  EXPECT_EQ(seen("router", "7777", "web-1", connect_to("10.0.0.110")), Set{"10.0.0.105"});
  EXPECT_EQ(seen("client", "7777", "web-1", connect_to("192.0.2.10")), Set{"10.0.0.105"});
}

TEST_F(Sources, WithoutTheLoadBalancersMasqueradeRequestsFail) {
  for (int n = 1; n <= 3; ++n) {
    const std::string lb = "web-lb-" + std::to_string(n);
    lab().shell_in(lb, "nft list ruleset > /tmp/rules.nft");
    lab().shell_in(
        lb,
        "nft -a list table inet lbd | awk \"/^\\tchain/ {chain=\\$2} /masquerade/ {print chain, \\$NF}\" | "
        "while read chain handle; do nft delete rule inet lbd $chain handle $handle; done");
  }
  EXPECT_NE(lab().in("client", {"curl", "-s", "--max-time", "3", "http://10.1.1.1/"}).code, 0);
  for (int n = 1; n <= 3; ++n) {
    const std::string lb = "web-lb-" + std::to_string(n);
    lab().shell_in(lb, "(echo flush ruleset; cat /tmp/rules.nft) | nft -f -");
  }
  EXPECT_THAT(fetch(20), SizeIs(20));
}
