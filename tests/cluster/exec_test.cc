#include "tests/cluster/tested_lab.hpp"

using testing::HasSubstr;

/// `exec` passes input, output, errors and the exit status through, to a host that has its own names and
/// files.

TEST_F(TestedLab, ExecPassesStreamsAndStatusThrough) {
  const std::string program = LBLAB_PROGRAM;
  const auto result = lblab::fixtures::run_program(
      {"sh", "-c",
       "printf 'one\\ntwo\\n' | " + program +
           " exec --lab tested web-1 -- sh -c 'tr a-z A-Z; echo oops >&2; exit 7'"});
  EXPECT_EQ(result.out, "ONE\nTWO\n");
  EXPECT_EQ(result.err, "oops\n");
  EXPECT_EQ(result.code, 7);
}

TEST_F(TestedLab, ExecRunsInTheHostsOwnWorld) {
  const auto in = [&](const std::string& words) { return lab().must("exec web-2 -- " + words); };
  EXPECT_EQ(in("hostname"), "web-2\n");
  EXPECT_THAT(in("ip -br addr show eth0"), HasSubstr("172.16.2.2/24"));
  EXPECT_THAT(in("cat /run/nginx/nginx.conf"), HasSubstr("172.16.2.2"));
  EXPECT_THAT(in("getent hosts router"), HasSubstr("router"));
}

TEST_F(TestedLab, LogsTellWhatAProcessWrote) {
  EXPECT_THAT(lab().must("logs web-lb-1 lbd"), HasSubstr("\"event\":\"ready\""));
  EXPECT_EQ(lab().lblab("logs nobody").code, 2);
}
