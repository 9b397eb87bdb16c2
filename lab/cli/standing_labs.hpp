#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lab/bench/matrix.hpp"
#include "lab/cli/standing_lab.hpp"

namespace lblab::cli {

/// The labs of a bench's variants, by name. Bringing one up takes longer than loading it, so a bench takes
/// over those of the one before it. Ends them with its own life.
class StandingLabs {
 public:
  /// `file` is the topology that messages name.
  StandingLabs(std::string file, const Progress& progress) : file_(std::move(file)), progress_(progress) {}

  /// Ends those that none of these variants needs, and brings those up that do not stand yet: some at once,
  /// for each waits for its BGP sessions most of the time. What went wrong, by lab.
  std::map<std::string, std::string> bring_up(const std::string& bench, const std::vector<bench::Variant>&);

 private:
  std::vector<const bench::Variant*> missing(const std::vector<bench::Variant>&) const;

  const std::string file_;
  const Progress& progress_;
  std::map<std::string, std::unique_ptr<StandingLab>> labs_;
};

}  // namespace lblab::cli
