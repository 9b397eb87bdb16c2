#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lbcore/announce/protocol.hpp"

namespace lbcore::announce {

/// lbd's end of the connection to lbd-announce. One thread: its executor's.
class Link {
 public:
  struct Observer {
    std::function<void(bool connected)> connection;
    std::function<void(const Acknowledged&)> acknowledged;
    std::function<void(const Session&)> session;
  };

  /// Listens at `path` from now on; the socket appears there by a rename, so that who finds it can connect
  /// (its user and group may). A stale one is replaced.
  Link(boost::asio::any_io_executor, std::string path, Observer);
  /// Closes the connection; what is announced stays so for the helper's limit. Leaves the socket's file.
  ~Link();

  /// What is to be announced. Said when it differs from what was said last, and to every helper that
  /// connects.
  void set(const std::vector<Route>&);
  /// What was set last; nothing: never.
  const std::optional<std::vector<Route>>& routes() const;

  bool connected() const;
  /// Everything that was said to the helper is done, or there is none.
  bool settled() const;
  /// The sessions of the connected helper's agent, as far as they are known: peer → up.
  const std::map<std::string, bool>& sessions() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace lbcore::announce
