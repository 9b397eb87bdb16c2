#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lab/sys/process.hpp"

/// The messages between run() on the host and the agent in the guest, as JSON, and the purposes of streams.
namespace lblab::guest {

/// What the streams are for. The host opens all of them, the job's three first and in this order.
inline constexpr const char* input_stream = "input";
inline constexpr const char* output_stream = "output";
inline constexpr const char* errors_stream = "errors";
inline constexpr const char* connect_prefix =
    "connect ";  // followed by the path of a unix socket in the guest

/// The virtio port's name and the tags of the 9p exports.
inline constexpr const char* port_name = "lblab";
inline constexpr const char* root_tag = "root";

struct Size {
  int rows = 24, columns = 80;
  bool operator==(const Size&) const = default;
};

/// A folder of the host, writable at the same path in the guest, exported under this tag.
struct SharedFolder {
  std::string tag, path;
  bool operator==(const SharedFolder&) const = default;
};

/// Host to guest, first of all.
struct Start {
  std::vector<std::string> argv, environment;
  std::string directory;
  std::vector<std::string>
      visible;  // folders of the host, readable even below one that the guest has its own of
  std::vector<SharedFolder> shared;
  std::optional<Size> terminal;
  bool errors_join_output = false;  // one pipe for both, so that their order stays
  std::int64_t now_ns = 0;  // the host's clock, since the epoch: the guest's own starts up to a second off
  bool operator==(const Start&) const = default;
};
/// Host to guest, at any time afterwards.
struct SendSignal {
  int number = 0;
  bool operator==(const SendSignal&) const = default;
};
struct Resize {
  Size size;
  bool operator==(const Resize&) const = default;
};
struct ToGuest {
  std::optional<Start> start;
  std::optional<SendSignal> signal;
  std::optional<Resize> resize;
};

/// Guest to host: the job runs; then how it ended, or, instead of either, why it could not be started.
struct Failure {
  std::string text;
  int error = 0;  // errno
};
struct ToHost {
  bool started = false;
  std::optional<sys::Exit> ended;
  std::optional<Failure> failed;
};

std::string encode(const ToGuest&);
std::string encode(const ToHost&);
/// Throw ProtocolError.
ToGuest decode_to_guest(const std::string&);
ToHost decode_to_host(const std::string&);

}  // namespace lblab::guest
