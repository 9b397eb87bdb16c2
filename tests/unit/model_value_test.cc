#include "lab/model/value.hpp"

#include <gmock/gmock.h>

#include "lab/model/nearest.hpp"
#include "lab/model/seats.hpp"

namespace lblab::model {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Optional;

TEST(Command, IsSplitAsAShellSplitsIt) {
  EXPECT_THAT(to_command("nginx -g 'daemon off;'"), Optional(ElementsAre("nginx", "-g", "daemon off;")));
  EXPECT_THAT(to_command(R"(  a   "b c"'d' e\ f "" )"), Optional(ElementsAre("a", "b cd", "e f", "")));
  EXPECT_THAT(to_command(R"(echo "\"\\\n" '\n')"), Optional(ElementsAre("echo", R"("\\n)", R"(\n)")));
  EXPECT_THAT(to_command("echo $HOME *"), Optional(ElementsAre("echo", "$HOME", "*")));
}

TEST(Command, NeedsAProgramAndClosedQuotes) {
  for (const char* line : {"", "   ", "''", "'' a", "a 'b", "a \"b", "a \\"})
    EXPECT_EQ(to_command(line), std::nullopt) << line;
}

TEST(Duration, IsANumberAndAUnit) {
  EXPECT_EQ(to_duration("250ms"), 250ms);
  EXPECT_EQ(to_duration("9s"), 9s);
  EXPECT_EQ(to_duration("2m"), 2min);
  EXPECT_EQ(to_duration("1h"), 1h);
  for (const char* text : {"", "9", "s", "9 s", "-9s", "1.5s", "9sec", "99999999999s"})
    EXPECT_EQ(to_duration(text), std::nullopt) << text;
}

TEST(InterfaceName, IsWhatTheKernelTakes) {
  for (const char* name : {"eth0", "eth0.100", "fifteen-letters", "a@b"})
    EXPECT_TRUE(is_interface_name(name)) << name;
  for (const char* name :
       {"", ".", "..", "lo", "all", "default", "a b", "a/b", "a:b", "eth%d", "sixteen-letters-", "\xc3\xa9"})
    EXPECT_FALSE(is_interface_name(name)) << name;
}

TEST(Nearest, IsTheWordThatWasProbablyMeant) {
  const std::vector<std::string_view> words{"name", "networks", "nodes", "replicas"};
  EXPECT_THAT(nearest("replcas", words), Optional(std::string_view("replicas")));
  EXPECT_THAT(nearest("nodse", words), Optional(std::string_view("nodes")));
  EXPECT_THAT(nearest("naem", words), Optional(std::string_view("name")));
  EXPECT_EQ(nearest("colour", words), std::nullopt);
}

TEST(Shown, TextIsCutBetweenCharacters) {
  EXPECT_EQ(shown("a\nb"), "'a b'");
  std::string text(59, 'x');
  text += "é and more";
  EXPECT_EQ(shown(text), "'" + std::string(59, 'x') + "…'");
}

TEST(Seats, AreTakenNodeByNode) {
  EXPECT_EQ(first_unseated({{6, 3}}, 3, 3), 1u) << "9 pods on 3 nodes with 3 seats each";
  EXPECT_EQ(first_unseated({{7, 3}}, 3, 3), 0u);
  EXPECT_EQ(first_unseated({{6, 3}, {0, 1}}, 3, 3), 1u) << "the second service comes too late";
  EXPECT_EQ(first_unseated({{6, 0}, {4, 0}}, 3, 3), 1u) << "a tenth pod";
  // Web pods start at the first node, service by service: it is full while the second has room, and the third
  // service's two load balancers need both.
  EXPECT_EQ(first_unseated({{1, 0}, {1, 0}, {1, 2}}, 2, 3), 2u);
  EXPECT_EQ(first_unseated({{1, 0}, {1, 0}, {1, 1}}, 2, 3), 3u);
}

}  // namespace
}  // namespace lblab::model
