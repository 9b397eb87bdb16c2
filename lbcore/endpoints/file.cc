#include "lbcore/endpoints/file.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <filesystem>

#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"
#include "lbcore/folder_watch.hpp"

namespace lbcore::endpoints {

namespace asio = boost::asio;
namespace fs = std::filesystem;

struct File::Impl {
  std::string path;
  Wanted wanted;
  std::function<void()> changed;  // empty once the File is gone
  FolderWatch watch;
  State state;

  Impl(asio::any_io_executor executor, std::string file, Wanted w, std::function<void()> f)
      : path(std::move(file)),
        wanted(std::move(w)),
        changed(std::move(f)),
        // Not IN_CREATE: a file that is being written is not yet worth reading.
        watch(executor, fs::absolute(path).parent_path(),
              IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE) {}

  void read() {
    std::string text;
    try {
      text = lblab::sys::read_file(path);
    } catch (const lblab::sys::SystemError& e) {
      state.missing = e.code().value() == ENOENT;
      state.mistakes.clear();
      if (!state.missing) state.mistakes.push_back({0, 0, e.what(), ""});
      return;
    }
    auto read = read_slices(text, wanted);
    state.missing = false;
    state.mistakes = std::move(read.mistakes);
    if (state.mistakes.empty()) state.endpoints = std::move(read.endpoints);
  }

  bool concerns(const std::string& name) const {
    // "..": Kubernetes puts a volume's files behind a link "..data", which it replaces.
    return name.empty() || name == fs::path(path).filename() || name.starts_with("..");
  }

  static asio::awaitable<void> follow(std::shared_ptr<Impl> self) {
    try {
      for (;;) {
        const auto names = co_await self->watch.changed();
        if (std::ranges::none_of(names, [&](const auto& name) { return self->concerns(name); })) continue;
        const State before = self->state;
        self->read();
        if (self->state != before && self->changed) self->changed();
      }
    } catch (const boost::system::system_error&) {
      // closed
    }
  }
};

File::File(asio::any_io_executor executor, std::string path, Wanted wanted, std::function<void()> changed)
    : impl_(std::make_shared<Impl>(executor, std::move(path), std::move(wanted), std::move(changed))) {
  impl_->read();
  asio::co_spawn(executor, Impl::follow(impl_), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

File::~File() {
  if (!impl_) return;
  impl_->changed = nullptr;
  impl_->watch.close();
}

File::File(File&&) noexcept = default;

const File::State& File::state() const { return impl_->state; }
const std::string& File::path() const { return impl_->path; }

}  // namespace lbcore::endpoints
