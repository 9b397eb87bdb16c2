#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "lab/sys/error.hpp"
#include "lblab_process.hpp"

/// A whole lab for somebody who is not root, as he meets it: nothing of his but a home and a runtime folder.
namespace lblab::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LabOfNobody : public testing::Test {
 protected:
  LabOfNobody() {
    char name[] = "/tmp/guest-lab-XXXXXX";
    home_ = ::mkdtemp(name);
    fs::create_directories(home_ + "/bin");
    const auto built = fs::path(lblab_program()).parent_path();
    for (const auto* program : {"lblab", "lbd", "lbd-announce", "fibd"})
      fs::copy_file(built / program, home_ + "/bin/" + program);
    fs::copy_file(LBLAB_SOURCE_DIR "/topologies/one-lb.yaml", home_ + "/one-lb.yaml");
    for (const auto* folder : {"", "/runtime"}) {
      fs::create_directory(home_ + folder);
      fs::permissions(home_ + folder, fs::perms{0700});
      sys::check("give a folder away", ::chown((home_ + folder).c_str(), nobody, nobody));
    }
    char closed[] = "/tmp/guest-closed-XXXXXX";
    closed_ = ::mkdtemp(closed);
  }
  ~LabOfNobody() override {
    lblab({"down"});
    fs::remove_all(home_);
    fs::remove_all(closed_);
  }

  /// Run where he may not be, as after `su` in root's home.
  Outcome lblab(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.begin(),
                     {"env", "-C", closed_, "setpriv", "--reuid", "65534", "--regid", "65534",
                      "--clear-groups", "env", "-i", std::string("PATH=") + sys::standard_path,
                      "HOME=" + home_, "XDG_RUNTIME_DIR=" + home_ + "/runtime", home_ + "/bin/lblab"});
    return run(std::move(arguments), input);
  }

  static constexpr uid_t nobody = 65534;
  std::string home_, closed_;
};

TEST_F(LabOfNobody, ComesUpIsUsedAndGoes) {
  const auto up = lblab({"up", home_ + "/one-lb.yaml"});
  ASSERT_EQ(up.code, 0) << up.out << up.err;
  EXPECT_THAT(up.out, HasSubstr("booting a guest kernel"));
  EXPECT_THAT(up.out, HasSubstr("answers to client from http://10.1.1.1:80/"));
  EXPECT_THAT(lblab({"list"}).out, testing::MatchesRegex("one-lb +running\n"));

  const auto inspected = nlohmann::json::parse(lblab({"inspect", "--json"}).out);
  EXPECT_EQ(inspected["routes"]["router"]["10.1.1.0/24"], nlohmann::json::array({"10.0.0.105"}));
  EXPECT_EQ(inspected["ipvs"]["web-lb-1"][0]["destinations"].size(), 3u);

  const auto cat = lblab({"exec", "client", "--", "sh", "-c", "hostname; cat; exit 7"}, "through and back\n");
  EXPECT_EQ(cat.code, 7);
  EXPECT_EQ(cat.out, "client\nthrough and back\n");

  EXPECT_EQ(lblab({"kill", "web-1/nginx", "--restart", "never"}).code, 0);
  const auto events = lblab({"events"}).out;
  EXPECT_THAT(events, testing::ContainsRegex("\"host\":\"web-1\".*\"signal\":" + std::to_string(SIGKILL)));

  const auto down = lblab({"down"});
  EXPECT_EQ(down.out, "one-lb is down\n") << down.err;
  EXPECT_EQ(lblab({"list"}).out, "no labs; `lblab up FILE` starts one\n");
  EXPECT_FALSE(fs::exists(home_ + "/runtime/lblab/one-lb"));
  struct stat folder {};
  ASSERT_EQ(::stat((home_ + "/runtime/lblab").c_str(), &folder), 0);
  EXPECT_EQ(folder.st_mode, S_IFDIR | 0700u);
}

}  // namespace
}  // namespace lblab::test
