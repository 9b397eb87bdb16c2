#include <gmock/gmock.h>

#include "fixtures/addresses.hpp"
#include "lbcore/dataplane/nginx_config.hpp"

/// The file that nginx is given.
namespace lbcore::dataplane::nginx {
namespace {

using lblab::fixtures::ip;
using lblab::fixtures::net;
using testing::HasSubstr;
using testing::Not;

const std::vector<Range> ranges{{net("10.1.1.0/24"), 80, Protocol::tcp, 1, true},
                                {net("10.1.2.0/24"), 80, Protocol::tcp, 2, true}};

Table table(std::string scheduler, std::vector<Destination> of_first) {
  return {{.key = ByMark{1}, .scheduler = std::move(scheduler), .destinations = std::move(of_first)},
          {.key = ByMark{2}, .scheduler = "rr", .destinations = {{ip("172.16.2.2"), 8080, 3}}}};
}

TEST(NginxConfig, TheAddressThatWasConnectedToChoosesTheService) {
  const auto text =
      config(ranges, table("rr", {{ip("172.16.1.2"), 80, 1}, {ip("172.16.1.3"), 80, 0}}), "/run/x");
  EXPECT_THAT(text, HasSubstr("    upstream 10.1.1.0-24-80 {\n"
                              "        zone 10.1.1.0-24-80 256k;\n"
                              "        server 172.16.1.2:80 weight=1 max_fails=0;\n"
                              "        keepalive 64;\n"
                              "    }\n"
                              "    upstream 10.1.2.0-24-80 {\n"
                              "        zone 10.1.2.0-24-80 256k;\n"
                              "        server 172.16.2.2:8080 weight=3 max_fails=0;\n"
                              "        keepalive 64;\n"
                              "    }\n"
                              "    geo $server_addr $service_80 {\n"
                              "        default \"\";\n"
                              "        10.1.1.0/24 10.1.1.0-24-80;\n"
                              "        10.1.2.0/24 10.1.2.0-24-80;\n"
                              "    }\n"
                              "    server {\n"
                              "        listen 80 backlog=4096;\n"));
  EXPECT_THAT(text, HasSubstr("pid /run/x/nginx.pid;\n"));
}

TEST(NginxConfig, SchedulersAreNginxsMethods) {
  const auto with = [](const char* scheduler) {
    return config(ranges, table(scheduler, {{ip("172.16.1.2"), 80}}), "/x");
  };
  EXPECT_THAT(with("lc"), HasSubstr("        least_conn;\n        server 172.16.1.2:80"));
  EXPECT_THAT(with("sh"), HasSubstr("        hash $remote_addr:$remote_port;\n        server 172.16.1.2:80"));
}

TEST(NginxConfig, AServiceWithoutRealServersHasNoUpstream) {
  const auto text = config(ranges, table("rr", {{ip("172.16.1.2"), 80, 0}}), "/x");
  EXPECT_THAT(text, Not(HasSubstr("upstream 10.1.1.0-24-80")));
  EXPECT_THAT(text, HasSubstr("        10.1.1.0/24 none;\n"));
  EXPECT_THAT(text, HasSubstr("if ($service_80 = none) {\n            return 503;\n"));
}

}  // namespace
}  // namespace lbcore::dataplane::nginx
