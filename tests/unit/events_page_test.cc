#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

#include "fixtures/documented_events.hpp"
#include "lab/sys/fd.hpp"

/// docs/events.md against the sources: what is told is documented, and nothing else.
namespace lblab {
namespace {

namespace fs = std::filesystem;

const std::string page = LBLAB_SOURCE_DIR "/docs/events.md";

/// The folders in which events of a section are told.
const std::map<std::string, std::string> section_of{
    {"lab/observe", "The hosts' kernels"},
    {"lab/run", "The lab"},
    {"lbcore/daemon", "lbd"},
    {"lbcore/fib", "fibd"},
    {"lbcore/overlay", "overlayd"},
    {"lab/scenario", "Scenarios"},
    {"lab/probe", "Scenarios"},
};

using Kinds = std::map<std::string, std::set<std::string>>;

/// {"event", "KIND"}, and ["event"] = "KIND".
Kinds told() {
  static const std::regex telling{R"re(\{"event", "([a-z-]+)"|\["event"\] = "([a-z-]+)")re"};
  Kinds kinds;
  for (const auto* tree : {"lab", "lbcore"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(LBLAB_SOURCE_DIR) / tree)) {
      if (entry.path().extension() != ".cc") continue;
      const auto text = sys::read_file(entry.path());
      const auto folder = fs::relative(entry.path().parent_path(), LBLAB_SOURCE_DIR).string();
      const auto section = section_of.contains(folder) ? section_of.at(folder) : folder;
      for (std::sregex_iterator at{text.begin(), text.end(), telling}; at != std::sregex_iterator{}; ++at)
        kinds[section].insert((*at)[1].length() ? (*at)[1] : (*at)[2]);
    }
  return kinds;
}

TEST(EventsPage, NamesWhatIsToldAndNothingElse) {
  Kinds documented;
  for (const auto& [section, events] : fixtures::documented_events(page))
    for (const auto& [kind, event] : events) documented[section].insert(kind);
  EXPECT_EQ(documented, told());
}

TEST(EventsPage, ShowsExamplesThatHaveItsMembers) {
  for (const auto& [section, events] : fixtures::documented_events(page))
    for (const auto& [kind, event] : events) {
      EXPECT_EQ(fixtures::undocumented(event.example, {{section, {{kind, event}}}}), "");
      EXPECT_TRUE(event.example.contains("t") && event.example.contains("time")) << section << ": " << kind;
    }
}

TEST(EventsPage, TellsWhatIsWrongWithAnEvent) {
  const auto documented = fixtures::documented_events(page);
  using fixtures::undocumented;
  EXPECT_EQ(undocumented({{"event", "x"}}, documented), "x is not documented\n");
  EXPECT_EQ(undocumented({{"event", "gap"}, {"host", "a"}, {"lost", 1}}, documented),
            "gap has lost, which is not documented\n");
  EXPECT_EQ(undocumented({{"event", "path"}, {"prefix", "p"}, {"next-hop", "n"}}, documented),
            "path has no state\n");
}

}  // namespace
}  // namespace lblab
