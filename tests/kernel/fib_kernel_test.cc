// What fibd does to a kernel, when that refuses.
#include "lbcore/fib/kernel.hpp"

#include <gmock/gmock.h>

#include "tests/kernel/lab_fixture.hpp"

namespace lblab {
namespace {

using namespace lbcore;

TEST_F(KernelTest, ARouteThatCannotBeMovedToAnotherGroupKeepsItsOwn) {
  up(two_hosts());
  const auto& left = kernel_->netns("left");
  fib::Kernel fib = left.within([] { return fib::Kernel(); });
  const int eth0 = ip("left", "link show eth0")[0]["ifindex"];
  const Prefix web = prefix("10.1.1.0/24");
  ASSERT_TRUE(fib.apply({fib::AddHop{10'001, {address("10.9.0.2"), eth0}},
                         fib::AddGroup{10'000, {10'001}, {}}, fib::AddRoute{web, 10'000}})
                  .empty());

  const fib::Change to_nothing = fib::AddGroup{10'002, {10'777}, nl::Nexthop::Resilient{}};
  const auto refusals = fib.apply({to_nothing, fib::ReplaceRoute{web, 10'002}, fib::RemoveNexthop{10'000}});
  ASSERT_EQ(refusals.size(), 2u);
  EXPECT_EQ(refusals[0].change, to_nothing);
  EXPECT_EQ(ip("left", "route show 10.1.1.0/24")[0]["nhid"], 10'000);
}

}  // namespace
}  // namespace lblab
