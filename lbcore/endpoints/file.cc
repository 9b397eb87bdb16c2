#include "lbcore/endpoints/file.hpp"

#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"

namespace lbcore::endpoints {

struct File::Impl {
  std::string path;
  Wanted wanted;
  std::function<void()> changed;
  State state;
  Folders::Following following;

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

  void read_again() {
    const State before = state;
    read();
    if (state != before) changed();
  }
};

File::File(Folders& folders, std::string path, Wanted wanted, std::function<void()> changed)
    : impl_(std::make_unique<Impl>(Impl{std::move(path), std::move(wanted), std::move(changed), {}, {}})) {
  // Followed first: what is written while it is read is read again.
  impl_->following = folders.follow(impl_->path, [impl = impl_.get()] { impl->read_again(); });
  impl_->read();
}

File::~File() = default;
File::File(File&&) noexcept = default;

const File::State& File::state() const { return impl_->state; }
const std::string& File::path() const { return impl_->path; }

}  // namespace lbcore::endpoints
