#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lbcore/endpoints/folders.hpp"
#include "lbcore/endpoints/slice.hpp"

namespace lbcore::endpoints {

/// A file of EndpointSlices, followed as it changes. A file that is missing or cannot be understood leaves
/// the last good state in force. Used on its executor's thread.
class File {
 public:
  struct State {
    std::optional<Endpoints> endpoints;  // the last good ones; nothing: there have been none yet
    bool missing = false;                // there is no file now
    Mistakes mistakes;                   // of the file as it is now; it is not in force
    bool operator==(const State&) const = default;
  };

  /// Reads the file at once; `changed` is called for every later change of state.
  /// A folder that cannot be watched throws std::system_error, here or out of the event loop.
  File(Folders&, std::string path, Wanted, std::function<void()> changed);
  ~File();
  File(File&&) noexcept;

  const State& state() const;
  const std::string& path() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lbcore::endpoints
