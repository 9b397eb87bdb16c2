#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

namespace lbcore::endpoints {

/// Tells who follows a file in which of many folders when it may have changed. A folder is watched once,
/// however many of its files are followed: the kernel allows a user 128 watchers
/// (fs.inotify.max_user_instances). Used on its executor's thread.
class Folders {
 public:
  explicit Folders(boost::asio::any_io_executor);

  /// Ends when it is destroyed: nobody is told any more.
  class Following {
   public:
    Following() = default;
    Following(Following&&) noexcept = default;
    Following& operator=(Following&&) noexcept = default;
    ~Following() = default;

   private:
    friend class Folders;
    explicit Following(std::shared_ptr<void> entry) : entry_(std::move(entry)) {}
    std::shared_ptr<void> entry_;
  };

  /// `changed` is called when the file was written, replaced or removed, or may have been. It may not end any
  /// following. A folder that cannot be watched throws std::system_error, here or out of the event loop.
  Following follow(const std::string& path, std::function<void()> changed);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lbcore::endpoints
