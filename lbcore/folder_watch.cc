#include "lbcore/folder_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <boost/asio/use_awaitable.hpp>
#include <filesystem>

#include "lab/sys/error.hpp"

namespace lbcore {

using lblab::sys::check;

FolderWatch::FolderWatch(boost::asio::any_io_executor executor, std::string folder, std::uint32_t events)
    : folder_(std::move(folder)),
      events_(events),
      inotify_(executor, check("watch " + folder_, ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC))) {
  watch();
}

void FolderWatch::watch() {
  std::filesystem::create_directories(folder_);
  check("watch " + folder_, ::inotify_add_watch(inotify_.native_handle(), folder_.c_str(),
                                                events_ | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR));
}

boost::asio::awaitable<std::vector<std::string>> FolderWatch::changed() {
  for (;;) {
    co_await inotify_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                 boost::asio::use_awaitable);
    auto names = drain();
    if (!names.empty()) co_return names;
  }
}

std::vector<std::string> FolderWatch::drain() {
  std::vector<std::string> names;
  bool lost = false;
  alignas(inotify_event) char buffer[4096];
  for (ssize_t n; (n = ::read(inotify_.native_handle(), buffer, sizeof buffer)) > 0;) {
    for (const char* at = buffer; at < buffer + n;) {
      const auto* event = reinterpret_cast<const inotify_event*>(at);
      at += sizeof(inotify_event) + event->len;
      // A folder that was moved away is still watched there: what counts is the path.
      if (event->mask & IN_MOVE_SELF) ::inotify_rm_watch(inotify_.native_handle(), event->wd);
      if (event->mask & (IN_MOVE_SELF | IN_DELETE_SELF)) lost = true;
      if (event->mask & (IN_MOVE_SELF | IN_DELETE_SELF | IN_Q_OVERFLOW))
        names.emplace_back();
      else if (event->len)
        names.emplace_back(event->name);
    }
  }
  if (lost) watch();
  return names;
}

void FolderWatch::close() {
  boost::system::error_code ignored;
  inotify_.close(ignored);
}

}  // namespace lbcore
