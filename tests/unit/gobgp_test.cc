// On lines that gobgpd 3.10 and its client printed: a router that hears three announcers from a reflector by
// add-paths, and loses them one by one.
#include "lab/gobgp/gobgp.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "lab/sys/fd.hpp"

namespace lblab::gobgp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string recorded(const std::string& name) {
  return sys::read_file(std::string(LBLAB_SOURCE_DIR) + "/fixtures/gobgp/" + name);
}

std::vector<std::string> lines_of(const std::string& name) {
  std::istringstream text(recorded(name));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

template <class T>
T ok(std::variant<T, Error> result) {
  if (auto* error = std::get_if<Error>(&result)) throw std::runtime_error(error->text);
  return std::get<T>(std::move(result));
}

Paths paths_of(std::string_view text) { return ok<Paths>(parse_rib(text)); }

std::string error_of(std::string_view text) {
  const auto result = parse_rib(text);
  return std::holds_alternative<Error>(result) ? std::get<Error>(result).text : "no error";
}

std::set<std::string> next_hops(const Paths& paths, const std::string& prefix) {
  std::set<std::string> hops;
  for (const Path& path : paths)
    if (path.prefix.str() == prefix && !path.withdrawn)
      hops.insert(path.next_hop ? path.next_hop->str() : "self");
  return hops;
}

TEST(Gobgp, TheFirstLineOfAFreshGobgpdIsAnEmptyTable) {
  EXPECT_THAT(paths_of(lines_of("monitor-rib.jsonl").front()), IsEmpty());
}

TEST(Gobgp, TheFirstLineIsTheWholeTableOfBothFamilies) {
  const auto lines = lines_of("monitor-rib-current.jsonl");
  ASSERT_THAT(lines, SizeIs(1));
  const Paths paths = paths_of(lines.front());
  EXPECT_THAT(paths, SizeIs(8));
  EXPECT_THAT(next_hops(paths, "10.1.1.0/24"), ElementsAre("10.0.0.105", "10.0.0.106", "10.0.0.107"));
  EXPECT_THAT(next_hops(paths, "10.1.2.0/24"), ElementsAre("10.0.0.105", "10.0.0.107"));
  EXPECT_THAT(next_hops(paths, "fd01:1::/64"), ElementsAre("fd00::105", "fd00::106", "fd00::107"));
  for (const Path& path : paths) {
    EXPECT_EQ(path.neighbour->str(), "10.0.0.109");
    EXPECT_FALSE(path.withdrawn || path.stale);
  }
}

/// Every set that the prefix went through, as a reader of the stream sees it.
std::vector<std::string> story_of(const std::string& prefix) {
  std::vector<std::string> story;
  for (const auto& line : lines_of("monitor-rib.jsonl")) {
    if (line.find(prefix) == std::string::npos) continue;
    std::string set;
    for (const auto& hop : next_hops(paths_of(line), prefix)) set += (set.empty() ? "" : " ") + hop;
    story.push_back(set);
  }
  return story;
}

TEST(Gobgp, EachLaterLineIsThePrefixesWholeSetAndAnEmptyOneIsWithdrawn) {
  EXPECT_THAT(story_of("10.1.1.0/24"),
              ElementsAre("10.0.0.105", "10.0.0.105 10.0.0.106", "10.0.0.105 10.0.0.106 10.0.0.107",
                          "10.0.0.105 10.0.0.107", "10.0.0.107", ""));
  EXPECT_THAT(story_of("10.1.2.0/24"), ElementsAre("10.0.0.105", "10.0.0.105 10.0.0.107", "10.0.0.107", ""));
}

TEST(Gobgp, AWithdrawalNamesThePathThatWent) {
  const auto lines = lines_of("monitor-rib.jsonl");
  const auto line = std::ranges::find_if(lines, [](const auto& l) { return l.find("withdrawal") != l.npos; });
  ASSERT_NE(line, lines.end());
  const Paths paths = paths_of(*line);
  ASSERT_THAT(paths, SizeIs(1));
  EXPECT_TRUE(paths[0].withdrawn);
  EXPECT_EQ(paths[0].prefix.str(), "10.1.1.0/24");
  EXPECT_EQ(paths[0].next_hop->str(), "10.0.0.107");
}

TEST(Gobgp, AnOwnPrefixHasNoNextHopUnlessOneWasGiven) {
  EXPECT_THAT(story_of("10.9.0.0/24"), ElementsAre("self"));
  EXPECT_THAT(story_of("10.9.1.0/24"), ElementsAre("10.0.0.105", ""));
}

TEST(Gobgp, TheEndOfTheStreamIsGobgpsOwnError) {
  EXPECT_EQ(error_of(lines_of("monitor-rib.jsonl").back()),
            "rpc error: code = Unavailable desc = transport is closing");
}

TEST(Gobgp, TheWholeTableNamesTheBestPathOfEachPrefix) {
  const Paths paths = paths_of(recorded("global-rib.json"));
  std::map<std::string, int> best;
  for (const Path& path : paths) best[path.prefix.str()] += path.best;
  EXPECT_EQ(best, (std::map<std::string, int>{{"10.1.1.0/24", 1}, {"10.1.2.0/24", 1}}));
  EXPECT_THAT(next_hops(paths, "10.1.1.0/24"), SizeIs(3));
}

TEST(Gobgp, NeighboursHaveTheirSessionsState) {
  const auto before = ok<std::vector<Neighbour>>(parse_neighbours(recorded("neighbour-active.json")));
  ASSERT_THAT(before, SizeIs(1));
  EXPECT_EQ(before[0], (Neighbour{*sys::Address::parse("10.0.0.109"), 65021, State::active, 0, 0, 0}));
  const auto after = ok<std::vector<Neighbour>>(parse_neighbours(recorded("neighbour-established.json")));
  ASSERT_THAT(after, SizeIs(1));
  EXPECT_EQ(after[0],
            (Neighbour{*sys::Address::parse("10.0.0.109"), 65021, State::established, 1795308792, 8, 8}));
}

TEST(Gobgp, MalformedLinesAreErrorsThatShowThem) {
  for (const char* line :
       {"", "[", "nonsense", "3", "\"x\"", "null", "[1]", "[{}]", "[[]]", R"({"a":1})",
        R"([{"nlri":{"prefix":"10.1.1.0/33"},"attrs":[{"type":3,"nexthop":"10.0.0.1"}]}])",
        R"([{"nlri":{"prefix":7},"attrs":[{"type":3,"nexthop":"10.0.0.1"}]}])",
        R"([{"nlri":{"prefix":"10.1.1.0/24"},"attrs":[{"type":3,"nexthop":"10.0.0"}]}])",
        R"([{"nlri":{"prefix":"10.1.1.0/24"},"attrs":7}])", R"([{"nlri":{"prefix":"10.1.1.0/24"}}])"})
    EXPECT_THAT(error_of(line), HasSubstr(line)) << line;
  EXPECT_LT(error_of(std::string(100'000, '[')).size(), 300u);
}

TEST(Gobgp, EveryTruncationAndEveryChangedByteIsSurvived) {
  for (std::string line : lines_of("monitor-rib.jsonl")) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      EXPECT_NE(error_of(std::string_view(line).substr(0, i)), "no error") << i;
      const char was = std::exchange(line[i], i % 2 ? '\xff' : '}');
      parse_rib(line);
      parse_neighbours(line);
      line[i] = was;
    }
  }
}

TEST(Gobgp, PathsOfOtherFamiliesAreLeftOut) {
  const Paths paths =
      paths_of(R"([{"nlri":{"type":5,"value":{"rd":"1:1"}},"attrs":[]},)"
               R"({"nlri":{"rd":{"type":0},"prefix":"10.1.3.0/24"},"attrs":[]},)"
               R"({"nlri":{"prefix":"10.1.1.0/24"},"attrs":[{"type":3,"nexthop":"10.0.0.105"}]}])");
  ASSERT_THAT(paths, SizeIs(1));
  EXPECT_EQ(paths[0].prefix.str(), "10.1.1.0/24");
}

}  // namespace
}  // namespace lblab::gobgp
