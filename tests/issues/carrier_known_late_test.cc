#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>

#include <cstring>

#include "lab/observe/picture.hpp"

namespace lblab {
namespace {

/// As the kernel tells of a link, without anything but its flags.
struct LinkMessage {
  nlmsghdr head{.nlmsg_len = sizeof(LinkMessage),
                .nlmsg_type = RTM_NEWLINK,
                .nlmsg_flags = 0,
                .nlmsg_seq = 0,
                .nlmsg_pid = 0};
  ifinfomsg body{};
};

LinkMessage link(unsigned flags) {
  LinkMessage message;
  message.body.ifi_family = AF_UNSPEC;
  message.body.ifi_index = 7;
  message.body.ifi_flags = flags;
  return message;
}

/// A link has IFF_LOWER_UP at once, and IFF_RUNNING when the kernel has seen to it, which is when its routes
/// come to life. Observers that looked in between took the first for the carrier, found nothing new in the
/// second, and went on with a route that had lost the next hop for good.
TEST(Issues, RoutesAreReadAnewWhenTheKernelHasSeenACarrierThatWasThereBefore) {
  std::vector<bool> told;
  observe::Picture picture{[&](const observe::Event& event) { told.push_back(event.link->carrier); }};
  picture.take(link(IFF_UP | IFF_LOWER_UP).head);
  EXPECT_FALSE(picture.is_doubtful());
  picture.take(link(IFF_UP | IFF_LOWER_UP | IFF_RUNNING).head);
  EXPECT_TRUE(picture.is_doubtful());
  EXPECT_EQ(told, (std::vector<bool>{false, true}));
}

}  // namespace
}  // namespace lblab
