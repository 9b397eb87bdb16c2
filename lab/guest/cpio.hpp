#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lblab::guest {

/// A cpio archive in the form that the kernel unpacks as its first root ("newc":
/// Documentation/driver-api/early-userspace/ buffer-format.rst). Everything belongs to root. Parents must be
/// added before what is in them.
class Cpio {
 public:
  void folder(std::string_view path);
  void file(std::string_view path, std::string_view content, bool executable = false);
  void link(std::string_view path, std::string_view target);
  void character_device(std::string_view path, unsigned major, unsigned minor);
  /// The archive. Nothing may be added afterwards.
  std::string finish();

 private:
  void add(std::string_view path, std::uint32_t mode, std::string_view content, unsigned major = 0,
           unsigned minor = 0);
  std::string bytes_;
  std::uint32_t inode_ = 0;
};

}  // namespace lblab::guest
