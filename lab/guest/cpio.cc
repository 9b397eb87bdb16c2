#include "lab/guest/cpio.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <iterator>
#include <utility>

namespace lblab::guest {

void Cpio::folder(std::string_view path) { add(path, S_IFDIR | 0755, ""); }
void Cpio::file(std::string_view path, std::string_view content, bool executable) {
  add(path, S_IFREG | (executable ? 0755 : 0644), content);
}
void Cpio::link(std::string_view path, std::string_view target) { add(path, S_IFLNK | 0777, target); }
void Cpio::character_device(std::string_view path, unsigned major, unsigned minor) {
  add(path, S_IFCHR | 0600, "", major, minor);
}

std::string Cpio::finish() {
  add("TRAILER!!!", 0, "");
  return std::exchange(bytes_, {});
}

void Cpio::add(std::string_view path, std::uint32_t mode, std::string_view content, unsigned major,
               unsigned minor) {
  const auto pad = [&] { bytes_.append((4 - bytes_.size() % 4) % 4, '\0'); };
  constexpr std::uint32_t zero = 0;
  const std::uint32_t fields[] = {++inode_,
                                  mode,
                                  zero,
                                  zero,
                                  1,
                                  zero,
                                  static_cast<std::uint32_t>(content.size()),
                                  zero,
                                  zero,
                                  major,
                                  minor,
                                  static_cast<std::uint32_t>(path.size() + 1),
                                  zero};
  bytes_ += "070701";
  for (const auto field : fields) fmt::format_to(std::back_inserter(bytes_), "{:08x}", field);
  bytes_ += path;
  bytes_ += '\0';
  pad();
  bytes_ += content;
  pad();
}

}  // namespace lblab::guest
