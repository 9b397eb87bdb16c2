#include <gtest/gtest.h>

#include "fixtures/program.hpp"

namespace {

/// The modules of lblc and lblcr register per-namespace operations when they are loaded, and the kernel loads them while it holds IPVS's
/// mutex. A namespace that is being taken apart at that moment holds the lock of the former and waits for the latter: Linux 6.1 hangs
/// there, for good. So they are loaded before any test has a namespace to take apart. Absent modules are fine: built in, or tested for.
class SchedulersLoaded : public testing::Environment {
  void SetUp() override {
    const auto here = lblab::sys::Netns::current();
    lblab::fixtures::output_of({"sh", "-c", "modprobe -aq ip_vs_lblc ip_vs_lblcr || true"}, here);
  }
};

const auto* const loaded = testing::AddGlobalTestEnvironment(new SchedulersLoaded);

}  // namespace
