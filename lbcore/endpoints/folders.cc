#include "lbcore/endpoints/folders.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <filesystem>
#include <map>
#include <vector>

#include "lbcore/folder_watch.hpp"

namespace lbcore::endpoints {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

struct Folder {
  FolderWatch watch;
  std::multimap<std::string, const std::function<void()>*> followers;  // by the file's name

  Folder(asio::any_io_executor executor, const std::string& path)
      : watch(executor, path,
              // Not IN_CREATE: a file that is being written is not yet worth reading.
              IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE) {}

  /// "..": Kubernetes puts a volume's files behind a link "..data", which it replaces.
  static bool concerns_all(const std::string& name) { return name.empty() || name.starts_with(".."); }

  void tell(const std::vector<std::string>& names) const {
    if (std::ranges::any_of(names, concerns_all)) {
      for (const auto& [name, changed] : followers) (*changed)();
      return;
    }
    auto once = names;
    std::ranges::sort(once);
    once.erase(std::ranges::unique(once).begin(), once.end());
    for (const auto& name : once) {
      const auto [first, last] = followers.equal_range(name);
      for (auto follower = first; follower != last; ++follower) (*follower->second)();
    }
  }

  static asio::awaitable<void> run(std::shared_ptr<Folder> self) {
    try {
      for (;;) {
        const auto names = co_await self->watch.changed();
        self->tell(names);
      }
    } catch (const boost::system::system_error&) {
      // closed
    }
  }
};

}  // namespace

struct Folders::Impl {
  asio::any_io_executor executor;
  std::map<std::string, std::shared_ptr<Folder>> folders;
};

namespace {

/// One that is followed, in a folder that is watched for as long as there is one.
struct Entry {
  std::function<void()> changed;
  std::shared_ptr<Folder> folder;
  std::function<void()> last_one_left;

  ~Entry() {
    std::erase_if(folder->followers, [this](const auto& follower) { return follower.second == &changed; });
    if (folder->followers.empty()) last_one_left();
  }
};

}  // namespace

Folders::Folders(asio::any_io_executor executor) : impl_(std::make_shared<Impl>(Impl{executor, {}})) {}

Folders::Following Folders::follow(const std::string& path, std::function<void()> changed) {
  const auto file = fs::absolute(path);
  const std::string parent = file.parent_path();
  auto& folder = impl_->folders[parent];
  if (!folder) {
    folder = std::make_shared<Folder>(impl_->executor, parent);
    asio::co_spawn(impl_->executor, Folder::run(folder), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  const auto leave = [impl = impl_, parent] {
    impl->folders.at(parent)->watch.close();
    impl->folders.erase(parent);
  };
  const auto entry = std::make_shared<Entry>(std::move(changed), folder, leave);
  folder->followers.emplace(file.filename(), &entry->changed);
  return Following(entry);
}

}  // namespace lbcore::endpoints
