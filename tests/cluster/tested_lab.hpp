#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "fixtures/lab_under_test.hpp"
#include "tests/cluster/fetch.hpp"

/// One lab for all tests of this program: it takes long to come up under emulation. A test leaves it as it
/// found it; a lab that is not settled when a test begins fails that test and no other.
class TestedLab : public testing::Test {
 protected:
  using Json = nlohmann::json;
  using Set = std::set<std::string>;
  static constexpr const char* web = "10.1.1.0/24";
  static constexpr const char* app = "10.1.2.0/24";
  static inline const Set all_nodes{"10.0.0.105", "10.0.0.106", "10.0.0.107"};
  static constexpr std::chrono::seconds long_enough{
      120};  // for what has no limit of its own, under emulation

  static void SetUpTestSuite() {
    if (!lab_)
      lab_ = std::make_unique<lblab::fixtures::LabUnderTest>(LBLAB_PROGRAM, TESTED_TOPOLOGY, "tested");
  }
  void SetUp() override {
    const size_t mark = lab().mark();
    if (lab().next_hops("router", web) == all_nodes) return;
    ASSERT_TRUE(lab().route_becomes(mark, web, all_nodes, long_enough))
        << "the test before left the lab unsettled";
  }

  static lblab::fixtures::LabUnderTest& lab() { return *lab_; }

  static std::vector<std::string> fetch(int count, const std::string& url = "http://10.1.1.1/") {
    return lblab::fetch(lab(), count, url);
  }

  /// Seconds between two events of the lab's one clock.
  static double between(const Json& first, const Json& second) {
    return second["t"].get<double>() - first["t"].get<double>();
  }

  static auto signalled(const std::string& host, const std::string& process) {
    return [=](const Json& e) {
      return e["event"] == "process" && e["state"] == "signalled" && e["host"] == host &&
             e["process"] == process;
    };
  }
  static auto carrier_lost(const std::string& host) {
    return [=](const Json& e) { return e["event"] == "carrier" && e["host"] == host && e["up"] == false; };
  }

  static inline std::unique_ptr<lblab::fixtures::LabUnderTest> lab_;
};
