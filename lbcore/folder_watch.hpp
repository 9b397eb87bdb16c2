#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace lbcore {

/// What changes in one folder (inotify). Watching the folder rather than a file sees a file that is missing
/// at first, and one that is replaced by a rename. The folder is made if it is missing, also when it goes
/// away while it is watched.
class FolderWatch {
 public:
  /// events: IN_CREATE, IN_MOVED_TO, … of the entries. A folder that cannot be watched throws
  /// std::system_error, here or in changed().
  FolderWatch(boost::asio::any_io_executor executor, std::string folder, std::uint32_t events);

  /// Waits for changes since construction or the last call; an empty name: anything may have changed. Throws
  /// boost::system::system_error with operation_aborted after close().
  boost::asio::awaitable<std::vector<std::string>> changed();
  void close();

 private:
  void watch();
  std::vector<std::string> drain();

  std::string folder_;
  std::uint32_t events_;
  boost::asio::posix::stream_descriptor inotify_;
};

}  // namespace lbcore
