#include <gtest/gtest.h>

#include <ctime>

#include "lab/model/parse.hpp"
#include "lab/model/yaml.hpp"

/// Files that are made to hurt: refused soon, and without a crash.
namespace lblab::model {
namespace {

std::string times(std::size_t n, const std::string& text) {
  std::string all;
  for (std::size_t i = 0; i < n; ++i) all += text;
  return all;
}

struct Hostile {
  std::string story, text;
  friend void PrintTo(const Hostile& hostile, std::ostream* out) { *out << hostile.story; }
};

class HostileFile : public testing::TestWithParam<Hostile> {};

TEST_P(HostileFile, IsRefusedInTime) {
  const auto start = std::clock();
  const Parsed parsed = parse(GetParam().text);
  EXPECT_FALSE(parsed.cluster);
  EXPECT_FALSE(parsed.diagnostics.empty());
  // Processor time, so that a busy machine does not matter. Each takes about a second; the limit tells linear
  // from quadratic, under sanitizers too.
  EXPECT_LT((std::clock() - start) / CLOCKS_PER_SEC, 30);
}

/// As many numbered lines as fit into so many bytes, at most the largest file.
std::string lines(const std::string& head, const std::string& before, const std::string& after,
                  std::size_t size = max_bytes) {
  std::string text = head;
  for (int n = 0; text.size() + 320 < size; ++n) text += before + std::to_string(n) + after + "\n";
  return text;
}

const std::string small =
    "name: t\nnetworks: {n: {subnet: 10.0.0.0/24}}\nnodes: {a: {role: node, interfaces: {n: 10.0.0.1}}}\n"
    "overlay: {node-prefix: 18}\nservices: {s: {addresses: 10.1.1.0/24}}\n";

INSTANTIATE_TEST_SUITE_P(
    Files, HostileFile,
    testing::Values(
        Hostile{"TenMegabytesOfBrackets", std::string(10'000'000, '[')},
        Hostile{"AMegabyteOfBrackets", std::string(max_bytes, '[')},
        Hostile{"AMegabyteOfBraces", std::string(max_bytes, '{')},
        Hostile{"MapsInMaps", times(max_bytes / 3, "{a:")},
        Hostile{"DashesInDashes", times(max_bytes / 2, "- ")},
        Hostile{"QuestionMarks", times(max_bytes / 2, "? ")},
        Hostile{"ALongWord", std::string(max_bytes, 'a')},
        Hostile{"AnOpenQuote", "\"" + std::string(max_bytes - 1, 'a')},
        Hostile{"OneKeyManyTimes", times(max_bytes / 4, "a: \n")},
        Hostile{"ManyDocuments", times(max_bytes / 4, "---\n")},
        Hostile{"ABillionLaughs",
                "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c "
                "[*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"},
        Hostile{"ManyUnknownKeys", lines("", "key", ": 1")},
        Hostile{"ManyNetworksThatOverlap", lines("networks:\n", " n", ": {subnet: 10.0.0.0/8}")},
        Hostile{"ManyDanglingGateways", lines("name: t\nnodes:\n", " n", ": {gateway: nobody}")},
        Hostile{"ManyDanglingLinks", lines("name: t\nnodes: {a: {}}\nlinks:\n", " - [a:eth0, b:eth", "]")},
        Hostile{"ManyRoutes",
                "name: t\nnodes:\n a:\n  routes:\n" + lines("", "   - {to: 0.0.0.0/0, via: 10.0.0.", "}")},
        Hostile{"ManyServices", lines("name: t\nnodes: {a: {role: node}}\noverlay: {}\nservices:\n", " s",
                                      ": {addresses: 10.1.1.0/24}")},
        Hostile{"ManyScenarios",
                small + lines("scenarios:\n", " s", ": {steps: [scale: {service: s, pods: 9999}]}")},
        Hostile{"ManyMistakenSteps", small + lines("scenarios:\n s:\n  steps:\n", "  - crash: a", "")},
        Hostile{"ManyProcessesManyKills",
                lines("name: t\nnodes:\n a:\n  processes:\n", "   - {run: p", "}", max_bytes / 2) +
                    lines("scenarios:\n s:\n  steps:\n", "  - kill: {in: a, process: q", "}", max_bytes / 2)},
        Hostile{
            "ManyInterfacesManyFlaps",
            lines("name: t\nnodes: {a: {}, b: {}}\nlinks:\n", " - [a:a", ", b:b0]", max_bytes / 2) +
                lines("scenarios:\n s:\n  steps:\n", "  - flap: {of: a, interface: c", "}", max_bytes / 2)},
        Hostile{"RepeatsInRepeats", "name: t\nnodes: {a: {}}\nscenarios: {s: {steps: [" +
                                        times(20, "repeat: {times: 10000, steps: [") + "wait: 1s" +
                                        times(20, "]}") + "]}}\n"},
        Hostile{"RepeatsOfRepeats", small + "scenarios: {s: {steps: [" +
                                        times(4, "repeat: {times: 10000, steps: [") + "wait: 1s" +
                                        times(4, "]}") + "]}}\n"},
        Hostile{"ANestedRegex", "name: t\nnodes: {a: {processes: [{run: x, ready: '" + times(60, "(") + "a" +
                                    times(60, "{9})") + "'}]}}"}),
    [](const auto& row) { return row.param.story; });

}  // namespace
}  // namespace lblab::model
