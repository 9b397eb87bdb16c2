#include "lab/apply/host_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::apply {

void HostFolder::make() {
  if (made_) return;
  made_ = true;
  std::filesystem::create_directories(path_);
  for (const auto& p : privates) {
    const auto folder = path_ + "/" + p.name;
    if (::mkdir(folder.c_str(), p.mode) < 0 && errno != EEXIST)
      throw sys::SystemError{"make folder " + folder};
    sys::check("set the mode of " + folder, ::chmod(folder.c_str(), p.mode));  // whatever the umask is
  }
}

std::string HostFolder::outside(const std::string& inside) const {
  const auto normal = std::filesystem::path(inside).lexically_normal().string();
  for (const auto& p : privates) {
    const std::string folder = std::string(p.seen_as) + "/";
    if (normal.starts_with(folder) && normal.size() > folder.size())
      return path_ + "/" + p.name + "/" + normal.substr(folder.size());
  }
  throw sys::SystemError{"use " + inside + ", which is not below /run, /tmp, /var/log or /var/tmp", EINVAL};
}

void HostFolder::write(const model::File& file) {
  const auto path = outside(file.path);
  make();
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  sys::write_file(path, file.text, file.mode);
}

void HostFolder::remove(const std::string& file) const {
  const auto path = outside(file);
  sys::check("remove " + path, ::unlink(path.c_str()));
}

void HostFolder::remove_all() noexcept {
  std::error_code ignored;
  if (std::exchange(made_, false)) std::filesystem::remove_all(path_, ignored);
}

}  // namespace lblab::apply
