#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "lab/sys/process.hpp"

/// Labs that came up in several threads at once ended with "malloc(): unaligned tcache chunk detected": the
/// set of a program's children was changed by all of them, and guarded by none.
TEST(Issues, ChildrenMayBeStartedAndWaitedForByManyThreads) {
  constexpr int threads = 8, children = 250;
  std::atomic<int> ended = 0;
  std::vector<std::jthread> all;
  for (int n = 0; n < threads; ++n)
    all.emplace_back([&] {
      lblab::sys::Command command;
      command.argv = {"true"};
      for (int k = 0; k < children; ++k) ended += lblab::sys::spawn(command).wait().code() == 0;
    });
  all.clear();
  EXPECT_EQ(ended, threads * children);
}
