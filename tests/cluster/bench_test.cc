#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "fixtures/lab_under_test.hpp"
#include "lab/sys/fd.hpp"

namespace lblab {
namespace {

namespace fs = std::filesystem;

const fs::path bench_topology = fs::path{TESTED_TOPOLOGY}.replace_filename("bench.yaml");

/// A folder of this process, gone with the test.
struct Folder {
  Folder() { fs::create_directory(path); }
  ~Folder() { fs::remove_all(path); }
  const fs::path path = fs::temp_directory_path() / ("bench-test-" + std::to_string(::getpid()));
};

/// The labs stand in this kernel, with lbd, BGP and all, beside the lab of the other tests.
TEST(Bench, MeasuresWhatAnswersTellsWhatDoesNotAndLeavesFilesAndNoLab) {
  const Folder out;
  const auto run =
      fixtures::run_program({LBLAB_PROGRAM, "bench", bench_topology, "--kernel", "host", "--out", out.path});
  EXPECT_EQ(run.code, 5) << "a variant was measured in no round\n" << run.out << run.err;
  EXPECT_NE(run.out.find("0 of 1"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("No route to host"), std::string::npos) << run.out;
  for (const auto* ending :
       {".txt", ".csv", ".json", "-throughput.svg", "-cpu.svg", "-latency.svg", "-bytes.svg"})
    EXPECT_GT(fs::file_size(out.path / (std::string("figure-0.0-two") + ending)), 100U) << ending;
  const auto json = nlohmann::json::parse(sys::read_file(out.path / "figure-0.0-two.json"));
  ASSERT_EQ(json["summaries"].size(), 4U);
  for (const auto& summary : json["summaries"]) {
    ASSERT_EQ(summary["points"].size(), 2U) << summary;
    for (const auto& point : summary["points"]) {
      EXPECT_GT(point["value"]["median"], 0) << point;
      EXPECT_GT(point["ratio"]["median"], 0) << point;
      EXPECT_EQ(point["rounds"], 1) << point;
    }
  }
  EXPECT_EQ(json["summaries"][0]["points"][1]["paper-ratio"], 0.5);
  // Load balancer and pod share a node, so only answers leave it: a segment with headers and 10 bytes, the
  // acknowledgements of the kernel's choosing, and what begins and ends the connection.
  for (const auto& point : json["summaries"][3]["points"]) {
    EXPECT_GT(point["value"]["median"], 200) << point;
    EXPECT_LT(point["value"]["median"], 500) << point;
  }
  const auto labs = fixtures::run_program({LBLAB_PROGRAM, "list"});
  EXPECT_EQ(labs.out.find("tried"), std::string::npos) << labs.out;
}

TEST(Bench, SaysWhichThereAreWhereOneIsNot) {
  const auto other = fixtures::run_program({LBLAB_PROGRAM, "bench", bench_topology, "--only", "three"});
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.err.find("two"), std::string::npos) << other.err;
}

}  // namespace
}  // namespace lblab
