#include <gtest/gtest.h>
#include <sys/socket.h>

#include "lab/sys/process.hpp"

/// A child of spawn() inherited whatever a library had opened without O_CLOEXEC. Asio opens listeners so:
/// closed by their owner, they went on listening in the child, and a health check of a dead server went on
/// passing.
TEST(Issues, ASpawnedChildInheritsNoListenerOfOurs) {
  const lblab::sys::Fd leaky{::socket(AF_UNIX, SOCK_STREAM, 0)};
  auto out = lblab::sys::make_pipe();
  lblab::sys::Command command;
  command.argv = {"ls", "/proc/self/fd"};
  command.out = out.write.get();
  auto child = lblab::sys::spawn(command);
  out.write = lblab::sys::Fd{};
  std::string listed(4096, '\0');
  listed.resize(static_cast<size_t>(::read(out.read.get(), listed.data(), listed.size())));
  EXPECT_EQ(child.wait().code(), 0);
  EXPECT_EQ(listed, "0\n1\n2\n3\n") << "3 is the folder that ls reads";
}
