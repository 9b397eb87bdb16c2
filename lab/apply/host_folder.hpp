#pragma once

#include <array>
#include <string>

#include "lab/model/lab.hpp"

namespace lblab::apply {

/// What a host has of its own in the file system, kept in a folder of the lab's state: STATE/hosts/HOST/run
/// is the host's /run, and so on. The destructor does not remove it.
class HostFolder {
 public:
  struct Private {
    const char* seen_as;  // inside the host
    const char* name;     // in this folder
    unsigned mode;
  };
  static constexpr std::array<Private, 4> privates{{{"/run", "run", 0755},
                                                    {"/tmp", "tmp", 01777},
                                                    {"/var/log", "log", 0755},
                                                    {"/var/tmp", "var-tmp", 01777}}};  // FRR's

  HostFolder() = default;
  explicit HostFolder(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }
  /// Makes it with its folders; again is fine.
  void make();
  void write(const model::File&);
  void remove(const std::string& file) const;
  /// Removes what make() made.
  void remove_all() noexcept;

  /// The path here of a file of the host; throws SystemError (EINVAL) for a path that is not below one of
  /// those.
  std::string outside(const std::string& inside) const;

 private:
  std::string path_;
  bool made_ = false;
};

}  // namespace lblab::apply
