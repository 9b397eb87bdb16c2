#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "fixtures/lab_under_test.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"
#include "lab/sys/process.hpp"

/// What a user with mistakes in his file sees: all of them, where they are, and a machine as it was.
namespace lblab {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Every kind of mistake at once; a "^" stands before each place where one is to be reported.
constexpr const char* all_mistakes = R"(name: NAME
networks:
  net: {subnet: 10.0.0.0/24}
  far: {subnet: ^10.0.0.128/25}
nodes:
  router: {role: router, interfaces: {net: 10.0.0.1}, bgp: {}}
  rr: {role: route-reflector, interfaces: {net: 10.0.0.2}, ^colour: red}
  n1: {role: node, interfaces: {net: 10.0.0.11}, gateway: ^ruoter}
  n2: {role: node, interfaces: {net: ^10.0.0.11}}
  n3: {role: node, interfaces: {net: ^10.0.9.13}}
  a: {}
  b: {}
  ^b: {role: client}
links:
  - [^a:an-interface-too-long, b:eth0]
overlay: {node-prefix: ^29}
services:
  web: {addresses: 10.1.1.0/24, port: ^http, pods: {replicas: 40}, load-balancers: {replicas: 2}}
)";

struct Written {
  std::string text;
  std::vector<std::string> places;  // "LINE:COLUMN"
};

Written without_marks(const std::string& marked) {
  Written written;
  int line = 1, column = 1;
  for (const char c : marked) {
    if (c == '^') {
      written.places.push_back(std::to_string(line) + ":" + std::to_string(column));
      continue;
    }
    written.text += c;
    ++column;
    if (c == '\n') ++line, column = 1;
  }
  return written;
}

class BadInput : public testing::Test {
 protected:
  BadInput() {
    char name[] = "/tmp/lblab-bad-XXXXXX";
    folder_ = ::mkdtemp(name);
    file_ = folder_ + "/" + name_ + ".yaml";
    sys::check("adopt orphans", ::prctl(PR_SET_CHILD_SUBREAPER, 1));
  }
  ~BadInput() override {
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    fs::remove_all(folder_);
  }

  /// `up`, in whichever kernel, and `plan` refuse the file and leave nothing. Returns what they write.
  std::string refused(const std::string& text) const {
    sys::write_file(file_, text);
    std::set<std::string> written;
    for (const auto& command : {std::vector<std::string>{"plan", file_},
                                {"up", file_},
                                {"up", file_, "--kernel", "host"},
                                {"up", file_, "--kernel", "guest"},
                                {"up", file_, "--name", name_}}) {
      std::vector<std::string> argv{LBLAB_PROGRAM};
      argv.insert(argv.end(), command.begin(), command.end());
      const auto seen = fixtures::run_program(argv);
      EXPECT_EQ(seen.code, 2) << command[0];
      EXPECT_EQ(seen.out, "") << command[0];
      written.insert(seen.err);
      expect_nothing_made();
    }
    EXPECT_EQ(written.size(), 1u) << "up and plan tell the same";
    return written.empty() ? "" : *written.begin();
  }

  /// A namespace lives by a process, a mount or a descriptor of one.
  void expect_nothing_made() const {
    EXPECT_FALSE(fs::exists("/run/lblab/" + name_));
    sys::reap_strangers();
    const auto self = "/proc/self/task/" + std::to_string(::gettid()) + "/children";
    EXPECT_EQ(sys::read_file(self), "") << "processes";
    EXPECT_THAT(sys::read_file("/proc/self/mountinfo"), testing::Not(HasSubstr(name_)));
    std::error_code none;
    for (const auto& entry : fs::directory_iterator("/run/netns", none))
      EXPECT_THAT(entry.path().filename().string(), testing::Not(testing::StartsWith(name_ + ".")));
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1) << "more than the topology";
  }

  const std::string name_ = "bad-" + std::to_string(::getpid());
  std::string folder_, file_;
};

TEST_F(BadInput, EveryMistakeIsToldAtOnceWhereItStands) {
  std::string marked = all_mistakes;
  marked.replace(marked.find("NAME"), 4, name_);
  const auto [text, places] = without_marks(marked);
  const auto told = refused(text);
  const std::vector<std::string> wrong{"10.0.0.128/25 of network 'far' overlaps",
                                       "unknown key 'colour'",
                                       "there is no node 'ruoter'",
                                       "10.0.0.11 is given twice",
                                       "10.0.9.13 is outside",
                                       "'b' is given twice",
                                       "at most 15 characters",
                                       "no room for the pods",
                                       "port is 'http'"};
  ASSERT_EQ(wrong.size(), places.size());
  std::vector<testing::Matcher<std::string>> lines;
  for (std::size_t n = 0; n < wrong.size(); ++n)
    lines.push_back(testing::AllOf(testing::StartsWith(file_ + ":" + places[n] + ": "), HasSubstr(wrong[n])));
  lines.push_back("lblab: 9 mistakes in " + file_ + "; nothing was made");
  std::vector<std::string> seen;
  std::istringstream in{told};
  for (std::string line; std::getline(in, line);) seen.push_back(line);
  EXPECT_THAT(seen, testing::UnorderedElementsAreArray(lines));
}

TEST_F(BadInput, AnEmptyFile) {
  const auto told = refused("");
  EXPECT_THAT(told, testing::StartsWith(file_ + ":1:1: "));
  EXPECT_THAT(told, HasSubstr("empty"));
}

TEST_F(BadInput, TenMegabytesOfBrackets) {
  const auto told = refused(std::string(10'000'000, '['));
  EXPECT_THAT(told, testing::StartsWith(file_ + ":1:1: "));
  EXPECT_THAT(told, HasSubstr("lblab: 1 mistake in "));
}

TEST_F(BadInput, AFileThatIsNotThere) {
  for (const auto* command : {"plan", "up"}) {
    const auto seen = fixtures::run_program({LBLAB_PROGRAM, command, file_});
    EXPECT_EQ(seen.code, 2);
    EXPECT_EQ(seen.err, "lblab: open " + file_ + ": No such file or directory\n");
  }
}

}  // namespace
}  // namespace lblab
