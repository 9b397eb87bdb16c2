#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>
#include <utility>

namespace lbcore::announce {

/// Sends texts in order over a stream, without waiting. What cannot be sent is dropped: whoever reads the
/// other direction learns that the stream has ended.
template <class Stream>
class Outbox : public std::enable_shared_from_this<Outbox<Stream>> {
 public:
  explicit Outbox(Stream stream) : stream_(std::move(stream)) {}

  Stream& stream() { return stream_; }

  void send(const std::string& text) {
    queued_ += text;
    if (in_flight_.empty()) pump();
  }

 private:
  void pump() {
    if (queued_.empty()) return;
    in_flight_ = std::exchange(queued_, {});
    boost::asio::async_write(stream_, boost::asio::buffer(in_flight_),
                             [self = this->shared_from_this()](boost::system::error_code error, std::size_t) {
                               self->in_flight_.clear();
                               if (!error) self->pump();
                             });
  }

  Stream stream_;
  std::string queued_, in_flight_;
};

}  // namespace lbcore::announce
