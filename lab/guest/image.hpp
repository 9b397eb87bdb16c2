#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lab/guest/missing.hpp"

/// The guest's kernel: Debian's own package, downloaded by apt and unpacked into a cache, never installed.
namespace lblab::guest {

struct Image {
  std::string package;  // "linux-image-6.1.0-9-amd64"
  std::string release;  // as uname -r says it: "6.1.0-9-amd64"
  std::string vmlinux;  // uncompressed, with a PVH entry
  std::string modules;  // a folder as /lib/modules: RELEASE/modules.dep, RELEASE/kernel/…
};

/// Where an image is kept: $LBLAB_CACHE, else /var/cache/lblab for root, else $XDG_CACHE_HOME/lblab or
/// ~/.cache/lblab. Empty where nothing says so.
std::string cache_folder();

/// The newest image that is there; others than root find root's too.
std::optional<Image> cached_image();

/// One line about what takes long.
using Progress = std::function<void(const std::string&)>;

/// cached_image(), or a new one: the newest linux-image-6.1.0-*-amd64 that apt knows. Two processes that need
/// it at once make it once (flock), and one that is killed leaves nothing that looks like an image. Throws
/// Lacking.
Image prepare_image(const Progress&);

/// The first root of a guest: busybox, /init, and the modules that reach the host's file tree. Built anew for
/// every run (in milliseconds), so it cannot be out of date.
std::string build_initrd(const Image&);

/// The programs that the guest needs and the machine lacks.
std::vector<Missing> missing_programs();

}  // namespace lblab::guest
