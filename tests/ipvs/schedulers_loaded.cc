#include <gtest/gtest.h>

#include "fixtures/program.hpp"

namespace {

/// The modules of lblc and lblcr register per-namespace operations when they are loaded, and the kernel loads
/// them while it holds IPVS's mutex. A namespace that is being taken apart at that moment holds the lock of
/// the former and waits for the latter: Linux 6.1 hangs there, for good. So they are loaded by being used,
/// before any test has a namespace to take apart.
class SchedulersLoaded : public testing::Environment {
  void SetUp() override {
    for (const auto* scheduler : {"lblc", "lblcr"})
      lblab::fixtures::output_of(
          {"ipvsadm", "-A", "-f", scheduler == std::string("lblc") ? "1" : "2", "-s", scheduler}, inside_);
  }

  const lblab::sys::Netns inside_ = lblab::sys::Netns::create();  // lives until the tests are over
};

const auto* const loaded = testing::AddGlobalTestEnvironment(new SchedulersLoaded);

}  // namespace
