#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lab/sys/fd.hpp"
#include "lab/sys/netns.hpp"

struct nlmsghdr;

/// rtnetlink (linux/rtnetlink.h), over libmnl, which no header shows. Links are known by index here, as in
/// the kernel.
namespace lblab::nl {

/// One request as it goes over the wire; the socket that sends it gives it a sequence number. Made by the
/// functions of link.hpp, address.hpp, route.hpp, nexthop.hpp and neighbour.hpp.
class Message {
 public:
  explicit Message(std::span<const std::byte> bytes) : bytes_(bytes.begin(), bytes.end()) {}
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

/// What the kernel refused of a batch.
struct Failure {
  std::uint64_t cookie = 0;  // what the caller queued the message with
  int error = 0;             // errno
  std::string reason;        // the kernel's own words (extended acknowledgement), or empty
};

/// Requests to one network namespace: the one the thread is in when the socket is made, whatever the thread
/// enters later. Not for two threads.
class Socket {
 public:
  Socket();
  explicit Socket(const sys::Netns& inside);
  Socket(Socket&&) noexcept;
  Socket& operator=(Socket&&) noexcept;
  ~Socket();

  /// Keeps a message for the next flush(); `cookie` comes back with its failure.
  void queue(const Message&, std::uint64_t cookie = 0);
  bool has_queued() const;
  /// Sends what is queued, in order and in as few system calls as the socket's buffers allow, and returns
  /// what failed, in order. A message that fails does not keep later ones from being carried out. Throws
  /// SystemError if the socket itself fails, and then the queue is empty and what became of it is not known.
  std::vector<Failure> flush();
  /// Sends one message and throws SystemError{attempt} if the kernel refuses it. Nothing may be queued.
  void request(std::string_view attempt, const Message&);
  /// Sends one message whose answer is messages: a dump (repeated when the kernel says that it was
  /// interrupted by a change; `restart` is called first, so that the visitor can forget what it saw) or a
  /// single object.
  void ask(
      std::string_view attempt, const Message&, const std::function<void(const nlmsghdr&)>& visit,
      const std::function<void()>& restart = [] {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lblab::nl
