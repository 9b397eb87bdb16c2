#pragma once

#include <string>

#include "lab/sys/netns.hpp"

/// Names of network namespaces as ip-netns(8) knows them: bind mounts below /run/netns.
namespace lblab::apply {

inline constexpr const char* names_folder = "/run/netns";

/// /run/netns as `ip netns` wants it: a mount that shares what is mounted in it, so that a name goes away
/// everywhere at once. What was missing is made, and noted in the file `note` until it is taken back, for
/// whoever cleans up after us.
class NamesFolder {
 public:
  explicit NamesFolder(std::string note);
  NamesFolder(const NamesFolder&) = delete;
  /// Takes back what the note says, unless others have come to use it.
  ~NamesFolder() { give_back(note_); }
  /// The same for a note that an earlier process left.
  static void give_back(const std::string& note) noexcept;

 private:
  std::string note_;
};

/// One name. The destructor takes it away (the namespace lives on while others hold it).
class NamespaceName {
 public:
  /// Throws SystemError (EEXIST) if the name is taken.
  NamespaceName(const std::string& name, const sys::Netns&);
  NamespaceName(NamespaceName&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  NamespaceName& operator=(NamespaceName&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~NamespaceName();

  /// Takes a name away that an earlier process left; none there is fine.
  static void remove(const std::string& name) noexcept;

 private:
  std::string path_;
};

}  // namespace lblab::apply
