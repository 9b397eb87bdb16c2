#pragma once

#include <string>
#include <utility>

#include "lab/sys/netns.hpp"

/// Names of network namespaces as ip-netns(8) knows them: bind mounts below /run/netns.
namespace lblab::apply {

inline constexpr const char* names_folder = "/run/netns";

/// One name. The destructor takes it away (the namespace lives on while others hold it).
class NamespaceName {
 public:
  NamespaceName(NamespaceName&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  NamespaceName& operator=(NamespaceName&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~NamespaceName();

 private:
  friend class NamesFolder;
  explicit NamespaceName(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// /run/netns as `ip netns` wants it: a mount that shares what is mounted in it, so that a name goes away
/// everywhere at once. What was missing is made, and taken back in the end unless others have come to use it.
/// All that is done there is first noted in a file, for whoever cleans up after a crash.
class NamesFolder {
 public:
  explicit NamesFolder(std::string note);
  NamesFolder(const NamesFolder&) = delete;
  ~NamesFolder();

  /// Throws SystemError (EEXIST) if the name is taken.
  NamespaceName add(const std::string& name, const sys::Netns&);

  /// Undoes what the note tells of, and removes it. No note is fine.
  static void give_back(const std::string& note) noexcept;

 private:
  void write_down(const std::string& line);

  std::string note_, became_;
  sys::Fd note_file_;
};

}  // namespace lblab::apply
