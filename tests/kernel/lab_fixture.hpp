#pragma once

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "fixtures/ip_oracle.hpp"
#include "lab/apply/linux_kernel.hpp"
#include "lab/plan/compile.hpp"

namespace lblab {

using namespace model;

inline Prefix prefix(const char* text) { return Prefix::parse(text).value(); }
inline Address address(const char* text) { return Address::parse(text).value(); }

/// A state folder, a kernel, and nothing of either afterwards.
class KernelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "lblab-kernel-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    state_ = pattern;
    kernel_ = std::make_unique<apply::LinuxKernel>(settings(), processes_);
  }
  void TearDown() override {
    kernel_.reset();
    EXPECT_TRUE(std::filesystem::is_empty(state_)) << "the kernel left files";
    std::filesystem::remove_all(state_);
  }

  apply::LinuxKernel::Settings settings() const { return {.lab = lab_, .state = state_}; }
  void up(const Lab& lab) { kernel_->apply(plan::compile({}, lab)); }
  nlohmann::json ip(const std::string& host, const std::string& arguments) {
    return fixtures::ip(kernel_->netns(host), arguments);
  }
  /// Runs a program inside the host as the lab's processes do, and returns what it wrote.
  std::string run(const std::string& host, const std::vector<std::string>& argv) {
    return fixtures::run_in(kernel_->namespaces(host), argv);
  }

  const std::string lab_ = "kerneltest-" + std::to_string(::getpid());  // may run beside another's
  std::string state_;
  apply::HeldProcesses processes_;
  std::unique_ptr<apply::LinuxKernel> kernel_;
};

inline Host& add_host(Lab& lab, const std::string& name) {
  auto& host = lab.hosts[name];
  host.name = name;
  return host;
}

/// Two hosts, "left" and "right", with a veth eth0 to eth0 (10.9.0.1/24, 10.9.0.2/24); left has the near end.
inline Lab two_hosts() {
  Lab lab;
  add_host(lab, "left")
      .links.push_back({.name = "eth0", .kind = Veth{"right", "eth0"}, .addresses = {prefix("10.9.0.1/24")}});
  add_host(lab, "right")
      .links.push_back({.name = "eth0", .kind = VethPeer{}, .addresses = {prefix("10.9.0.2/24")}});
  return lab;
}

/// The element of a list whose `key` is `value`; null if there is none.
inline nlohmann::json find(const nlohmann::json& list, const std::string& key, const nlohmann::json& value) {
  for (const auto& element : list)
    if (element.contains(key) && element[key] == value) return element;
  return nullptr;
}

}  // namespace lblab
