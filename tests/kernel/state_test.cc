#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "fixtures/lab_under_test.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"

/// The folder of a user's labs, as `lblab` finds and makes it for one who is not root.
namespace lblab {
namespace {

namespace fs = std::filesystem;
using fixtures::Result;
using fixtures::run_program;
using testing::HasSubstr;

class State : public testing::Test {
 protected:
  State() {
    char name[] = "/tmp/lblab-state-XXXXXX";
    home_ = ::mkdtemp(name);
    ::chmod(home_.c_str(), 0755);
    fs::create_directory(home_ + "/bin");
    fs::copy_file(LBLAB_PROGRAM, home_ + "/bin/lblab");  // wherever it was built, this user can run it
  }
  ~State() override {
    fs::remove_all(home_);
    fs::remove_all(folder_);
  }

  static void give_to_user(const std::string& path) {
    sys::check("chown " + path, ::lchown(path.c_str(), user_, user_));
  }

  /// Runs a command of the user's with these variables: "lblab" is found.
  Result run(const std::vector<std::string>& argv, const std::vector<std::string>& environment = {}) const {
    const auto id = std::to_string(user_);
    std::vector<std::string> all{"setpriv", "--reuid", id,
                                 "--regid", id,        "--clear-groups",
                                 "env",     "-i",      "PATH=" + home_ + "/bin:" + sys_path_};
    all.insert(all.end(), environment.begin(), environment.end());
    all.insert(all.end(), argv.begin(), argv.end());
    return run_program(all);
  }

  /// Nobody's, and that of no other run of these tests.
  static inline const uid_t user_ = 1'000'000'000 + static_cast<uid_t>(::getpid());
  static inline const std::string folder_ = "/tmp/lblab-" + std::to_string(user_);
  static constexpr const char* sys_path_ = "/usr/sbin:/usr/bin:/sbin:/bin";
  std::string home_;
};

TEST_F(State, TheFolderIsMadeForItsUserAlone) {
  EXPECT_EQ(run({"lblab", "list"}).code, 0);
  EXPECT_FALSE(fs::exists(folder_)) << "who only looks makes nothing";
  EXPECT_EQ(run({"lblab", "down", "none"}).code, 0);
  struct stat made {};
  ASSERT_EQ(::lstat(folder_.c_str(), &made), 0);
  EXPECT_EQ(made.st_mode, S_IFDIR | 0700u);
  EXPECT_EQ(made.st_uid, user_);
}

TEST_F(State, AFolderOfSomebodyElseIsRefused) {
  fs::create_directory(folder_);
  for (const auto& command : {std::vector<std::string>{"lblab", "list"}, {"lblab", "down", "x"}}) {
    const auto seen = run(command);
    EXPECT_EQ(seen.code, 3);
    EXPECT_EQ(seen.err, "lblab: " + folder_ +
                            " is to be the folder of your labs, but belongs to user 0; set " +
                            "XDG_RUNTIME_DIR to a folder of yours\n");
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(State, AFolderThatOthersMayWriteInIsRefused) {
  fs::create_directory(folder_);
  give_to_user(folder_);
  fs::permissions(folder_, fs::perms{0770});
  const auto seen = run({"lblab", "list"});
  EXPECT_EQ(seen.code, 3);
  EXPECT_THAT(seen.err, HasSubstr("others may write in it: chmod 700 " + folder_));
  fs::permissions(folder_, fs::perms{0700});
  EXPECT_EQ(run({"lblab", "list"}).code, 0);
}

TEST_F(State, ALinkToAFolderOfOnesOwnIsRefused) {
  fs::create_directory(home_ + "/elsewhere");
  give_to_user(home_ + "/elsewhere");
  fs::create_symlink(home_ + "/elsewhere", folder_);
  give_to_user(folder_);
  const auto seen = run({"lblab", "list"});
  EXPECT_EQ(seen.code, 3);
  EXPECT_THAT(seen.err, HasSubstr("is no folder"));
}

TEST_F(State, ARuntimeFolderOfSomebodyElseIsNamed) {
  const auto seen = run({"lblab", "down", "x"}, {"XDG_RUNTIME_DIR=" + home_});
  EXPECT_EQ(seen.code, 3);
  EXPECT_EQ(seen.err, "lblab: cannot make " + home_ + "/lblab, the folder of your labs: Permission denied; " +
                          "XDG_RUNTIME_DIR should name a folder of yours\n");
}

TEST_F(State, DownWithoutANameLeavesALabAloneThatIsComingUp) {
  const std::string runtime = home_ + "/runtime", lab = runtime + "/lblab/here";
  fs::create_directories(lab);
  for (const auto& folder : {runtime, runtime + "/lblab", lab}) give_to_user(folder);
  const std::vector<std::string> environment{"XDG_RUNTIME_DIR=" + runtime};
  // As `up` holds them.
  const auto while_coming_up = [&](const std::string& command) {
    return run({"flock", lab + "/lock", "flock", lab + "/coming-up", "lblab", command}, environment);
  };
  const auto refused = while_coming_up("down");
  EXPECT_EQ(refused.code, 2);
  EXPECT_EQ(refused.err,
            "lblab: here is still coming up, by another command; `lblab down here` ends it all the same\n");
  EXPECT_TRUE(fs::exists(lab));
  EXPECT_THAT(while_coming_up("list").out, testing::MatchesRegex("here +coming up\n"));
  EXPECT_THAT(run({"flock", lab + "/lock", "lblab", "list"}, environment).out,
              testing::MatchesRegex("here +running\n"));
  EXPECT_EQ(run({"lblab", "down"}, environment).out, "here is down\n") << "a lab that a crash left behind";
  EXPECT_FALSE(fs::exists(lab));
}

}  // namespace
}  // namespace lblab
