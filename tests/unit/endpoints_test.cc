#include <gmock/gmock.h>

#include "lbcore/endpoints/slice.hpp"

namespace lbcore::endpoints {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Wanted http{Protocol::tcp, "", 80};

/// "A:P" and "A:P draining"; if there are mistakes, those instead.
std::vector<std::string> read(std::string_view text, const Wanted& wanted = http) {
  const auto [endpoints, mistakes] = read_slices(text, wanted);
  std::vector<std::string> lines;
  for (const auto& mistake : mistakes) lines.push_back(format(mistake, "f"));
  for (const auto& endpoint : endpoints)
    lines.push_back(endpoint.str() + (endpoint.draining ? " draining" : ""));
  return lines;
}

std::string slice(const std::string& rest) {
  return "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\n" + rest;
}

TEST(Endpoints, ASliceAsKubectlPrintsItInJson) {
  EXPECT_THAT(read(R"({
    "addressType": "IPv4",
    "apiVersion": "discovery.k8s.io/v1",
    "endpoints": [
        {
            "addresses": ["172.16.2.4"],
            "conditions": {"ready": true, "serving": true, "terminating": false},
            "nodeName": "node2",
            "targetRef": {"kind": "Pod", "name": "web-2", "namespace": "default"}
        },
        {
            "addresses": ["172.16.1.3", "172.16.1.33"],
            "conditions": {"ready": true, "serving": true, "terminating": false},
            "nodeName": "node1"
        }
    ],
    "kind": "EndpointSlice",
    "metadata": {"labels": {"kubernetes.io/service-name": "web"}, "name": "web-abc12"},
    "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]
})"),
              ElementsAre("172.16.1.3:8080", "172.16.2.4:8080"));
}

TEST(Endpoints, ConditionsMeanWhatTheApiSays) {
  EXPECT_THAT(
      read(
          slice("endpoints:\n"
                "- {addresses: [10.0.0.1]}\n"
                "- {addresses: [10.0.0.2], conditions: {}}\n"
                "- {addresses: [10.0.0.3], conditions: {ready: null}}\n"
                "- {addresses: [10.0.0.4], conditions: {ready: false}}\n"
                "- {addresses: [10.0.0.5], conditions: {ready: false, serving: true, terminating: true}}\n")),
      ElementsAre("10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", "10.0.0.5:80 draining"));
}

TEST(Endpoints, ThePortIsTheNamedOneOrTheFirstOfTheProtocol) {
  const auto text = slice(
      "ports:\n- {name: dns, protocol: UDP, port: 53}\n- {name: metrics, port: 9090}\n- {name: web, port: "
      "8080}\n"
      "endpoints: [{addresses: [10.0.0.1]}]\n");
  EXPECT_THAT(read(text), ElementsAre("10.0.0.1:9090"));
  EXPECT_THAT(read(text, {Protocol::tcp, "web", 80}), ElementsAre("10.0.0.1:8080"));
  EXPECT_THAT(read(text, {Protocol::udp, "", 80}), ElementsAre("10.0.0.1:53"));
  EXPECT_THAT(read(text, {Protocol::sctp, "", 80}), IsEmpty());
}

TEST(Endpoints, SeveralSlicesAreOneSet) {
  const std::string a = slice("endpoints: [{addresses: [10.0.0.1]}]\n");
  const std::string b = slice(
      "endpoints:\n- {addresses: [10.0.0.2]}\n- {addresses: [10.0.0.1], conditions: {terminating: true}}\n");
  EXPECT_THAT(read(a + "---\n" + b), ElementsAre("10.0.0.1:80", "10.0.0.2:80"));
  EXPECT_THAT(read(R"({"kind": "List", "apiVersion": "v1", "items": [
                     {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv6",
                      "endpoints": [{"addresses": ["fd00::3"]}]},
                     {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                      "endpoints": [{"addresses": ["10.0.0.3"]}]}]})"),
              ElementsAre("10.0.0.3:80", "[fd00::3]:80"));
}

TEST(Endpoints, NoneIsSaidOnPurposeAndAnEmptyFileIsNot) {
  EXPECT_THAT(read(slice("endpoints: []\n")), IsEmpty());
  EXPECT_THAT(read(slice("endpoints: null\n")), IsEmpty());
  EXPECT_THAT(read("{kind: EndpointSliceList, items: []}"), IsEmpty());
  EXPECT_THAT(read(""), ElementsAre("f: holds no EndpointSlice"));
  EXPECT_THAT(read("---\n"), ElementsAre("f: holds no EndpointSlice"));
}

TEST(Endpoints, EveryMistakeIsFoundAtItsPlace) {
  EXPECT_THAT(
      read("kind: EndpointSlice\napiVersion: discovery.k8s.io/v1beta1\naddressType: IPv4\n"
           "ports: [{port: 0}]\n"
           "endpoints:\n- {addresses: [fd00::1]}\n- {addresses: [web-1]}\n- {conditions: {ready: maybe}}\n"),
      ElementsAre("f:2:13: apiVersion 'discovery.k8s.io/v1beta1'; discovery.k8s.io/v1 is what is understood",
                  "f:4:16: port 0 is out of range; give a number from 1 to 65535",
                  "f:6:16: address fd00::1 is not of the slice's addressType",
                  "f:7:16: address is not an IP address; write it like 10.0.0.105 or fd00::1",
                  "f:8:24: ready is neither true nor false",
                  "f:8:3: an endpoint has no 'addresses'; add 'addresses: …'"));
  EXPECT_THAT(read("kind: Endpoints\n"),
              ElementsAre("f:1:1: kind 'Endpoints'; expected an EndpointSlice, or a list of them"));
  EXPECT_THAT(read("{\"kind\": \"EndpointSlice\", \"endpoints\": [{"),
              ElementsAre(testing::StartsWith("f:1:")));
}

}  // namespace
}  // namespace lbcore::endpoints
