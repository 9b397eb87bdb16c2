#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "lab/sys/process.hpp"

/// Asio watches a duplicate of a process's pidfd and makes it non-blocking; the flag is shared with the
/// original, and wait() right after a signal failed with "Resource temporarily unavailable" instead of
/// waiting.
TEST(Issues, WaitingWorksOnAPidfdThatAnEventLoopWatches) {
  lblab::sys::Command command;
  command.argv = {"cat"};
  auto input = lblab::sys::make_pipe();
  command.in = input.read.get();
  auto child = lblab::sys::spawn(command);
  const lblab::sys::Fd watched = lblab::sys::duplicate(child.fd());
  ASSERT_EQ(::fcntl(watched.get(), F_SETFL, O_NONBLOCK), 0);
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait().signal, SIGTERM);
}
