#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace lblab::guest {

/// Something that this machine lacks, and where it is to be had.
struct Missing {
  std::string what;    // "ipvs", "program:gobgpd", "guest kernel"
  std::string remedy;  // "kernel module ip_vs", "Debian package gobgpd", "run: sudo apt-get update"
  bool guest_has_it = false;

  std::string str() const { return what + " (" + remedy + ")"; }
  bool operator==(const Missing&) const = default;
};

/// A command cannot go on without these: exit code 3.
class Lacking : public std::runtime_error {
 public:
  explicit Lacking(std::vector<Missing> missing)
      : std::runtime_error(text(missing)), missing_(std::move(missing)) {}
  explicit Lacking(Missing one) : Lacking(std::vector<Missing>{std::move(one)}) {}
  const std::vector<Missing>& missing() const { return missing_; }

 private:
  static std::string text(const std::vector<Missing>& missing) {
    std::string out = "this machine lacks ";
    for (const auto& one : missing) out += (&one == missing.data() ? "" : ", ") + one.str();
    return out;
  }
  std::vector<Missing> missing_;
};

}  // namespace lblab::guest
