#include "lab/guest/mux.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <map>
#include <optional>

#include "lab/guest/event.hpp"
#include "lab/guest/frame.hpp"

namespace lblab::guest {

namespace {

/// The receiver grants credit when this much has been read, not for every byte.
constexpr std::uint32_t credit_step_bytes = window_bytes / 4;

struct Queued {
  std::string bytes;
  std::shared_ptr<Stream::State> owner;  // whose turn it was; null for what is outside flow control
};

}  // namespace

struct Mux::State : std::enable_shared_from_this<Mux::State> {
  State(const asio::any_io_executor& executor, Side side, sys::Fd fd)
      : executor(executor),
        port(executor, fd.release()),
        queued(executor),
        sent(executor),
        arrived(executor),
        next_id(side == Side::host ? 1 : 2) {}

  asio::any_io_executor executor;
  asio::posix::stream_descriptor port;
  Decoder decoder;
  std::deque<Queued> queue;
  Event queued, sent, arrived;
  std::uint32_t next_id;
  std::map<std::uint32_t, std::shared_ptr<Stream::State>> streams;
  std::deque<std::shared_ptr<Stream::State>> accepted;
  std::deque<std::string> messages;
  bool over = false;

  void put(const Frame& frame, std::shared_ptr<Stream::State> owner = nullptr) {
    if (over) return;
    queue.push_back({encode(frame), std::move(owner)});
    queued.notify();
  }
  asio::awaitable<void> read_port();
  asio::awaitable<void> write_port();
  void handle(Frame frame);
  void close();
};

struct Stream::State : std::enable_shared_from_this<Stream::State> {
  State(std::shared_ptr<Mux::State> mux, std::uint32_t id, std::string purpose)
      : mux(std::move(mux)),
        id(id),
        purpose(std::move(purpose)),
        readable(this->mux->executor),
        writable(this->mux->executor) {}

  const std::shared_ptr<Mux::State> mux;
  const std::uint32_t id;
  const std::string purpose;

  std::string received;  // at most window_bytes, for the other side has no credit for more
  std::uint32_t unacknowledged = 0;
  bool received_end = false;
  Event readable;

  std::uint32_t credit = window_bytes;
  bool chunk_waits = false;  // for the port
  bool sent_end = false;
  Event writable;

  std::optional<std::string> closed;  // by a reset from either side, or with the port

  void close(std::string why) {
    if (!closed) closed = std::move(why);
    readable.notify();
    writable.notify();
  }
  void forget_if_over() {
    if (closed || (received_end && sent_end)) mux->streams.erase(id);
  }
  void take(std::string_view bytes) {
    if (received_end) throw ProtocolError("data after the end of stream " + std::to_string(id));
    if (received.size() + bytes.size() + unacknowledged > window_bytes)
      throw ProtocolError("stream " + std::to_string(id) + " overran its window");
    received.append(bytes);
    readable.notify();
  }
  void took(std::uint32_t bytes) {
    unacknowledged += bytes;
    if (unacknowledged < credit_step_bytes || received_end) return;
    mux->put({FrameType::credit, id, encode_credit(std::exchange(unacknowledged, 0))});
  }
};

// --- Stream

Stream& Stream::operator=(Stream&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Stream::~Stream() {
  if (!state_ || state_->closed || (state_->received_end && state_->sent_end)) return;
  reset("dropped");
}

const std::string& Stream::purpose() const { return state_->purpose; }

asio::awaitable<std::size_t> Stream::read(asio::mutable_buffer into) {
  const auto state = state_;
  while (state->received.empty() && !state->received_end && !state->closed) co_await state->readable.wait();
  if (!state->received.empty()) {
    const auto size = std::min(into.size(), state->received.size());
    state->received.copy(static_cast<char*>(into.data()), size);
    state->received.erase(0, size);
    state->took(static_cast<std::uint32_t>(size));
    co_return size;
  }
  if (!state->received_end) throw StreamClosed(*state->closed);
  co_return 0;
}

asio::awaitable<void> Stream::write(std::string_view bytes) {
  const auto state = state_;
  while (!bytes.empty()) {
    while (!state->closed && (state->chunk_waits || state->credit == 0)) co_await state->writable.wait();
    if (state->closed) throw StreamClosed(*state->closed);
    if (state->sent_end) throw StreamClosed("written to after its end");
    const auto chunk = bytes.substr(0, std::min<std::size_t>(chunk_bytes, state->credit));
    state->credit -= static_cast<std::uint32_t>(chunk.size());
    state->chunk_waits = true;
    state->mux->put({FrameType::data, state->id, std::string(chunk)}, state);
    bytes.remove_prefix(chunk.size());
  }
  while (!state->closed && state->chunk_waits) co_await state->writable.wait();
}

void Stream::end() {
  if (state_->closed || std::exchange(state_->sent_end, true)) return;
  state_->mux->put({FrameType::end, state_->id, ""});
  state_->forget_if_over();
}

void Stream::reset(std::string_view why) {
  if (!state_ || state_->closed) return;
  state_->mux->put({FrameType::reset, state_->id, std::string(why.substr(0, max_payload_bytes))});
  state_->close(std::string(why));
  state_->forget_if_over();
}

// --- Mux

Mux::Mux(asio::any_io_executor executor, Side side, sys::Fd port)
    : state_(std::make_shared<State>(executor, side, std::move(port))) {}

Mux::~Mux() { state_->close(); }

asio::awaitable<void> Mux::run() {
  const auto state = state_;
  std::exception_ptr thrown;
  try {
    co_await first_of(state->read_port(), state->write_port());
  } catch (const boost::system::system_error&) {  // the end of the port
  } catch (...) {
    thrown = std::current_exception();
  }
  state->close();
  if (thrown) std::rethrow_exception(thrown);
}

Stream Mux::open(std::string purpose) {
  const auto id = std::exchange(state_->next_id, state_->next_id + 2);
  const auto stream = std::make_shared<Stream::State>(state_, id, purpose);
  if (state_->over)
    stream->close("the other side is gone");
  else
    state_->streams[id] = stream;
  state_->put({FrameType::open, id, std::move(purpose)});
  return Stream{stream};
}

asio::awaitable<Stream> Mux::accept() {
  const auto state = state_;
  while (state->accepted.empty() && !state->over) co_await state->arrived.wait();
  if (state->accepted.empty()) throw StreamClosed("the other side is gone");
  auto stream = std::move(state->accepted.front());
  state->accepted.pop_front();
  co_return Stream{std::move(stream)};
}

void Mux::send(std::string message) { state_->put({FrameType::message, 0, std::move(message)}); }

asio::awaitable<std::string> Mux::message() {
  const auto state = state_;
  while (state->messages.empty() && !state->over) co_await state->arrived.wait();
  if (state->messages.empty()) throw StreamClosed("the other side is gone");
  auto message = std::move(state->messages.front());
  state->messages.pop_front();
  co_return message;
}

asio::awaitable<void> Mux::flush() {
  const auto state = state_;
  while (!state->queue.empty() && !state->over) co_await state->sent.wait();
}

asio::awaitable<void> Mux::State::read_port() {
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const auto size = co_await port.async_read_some(asio::buffer(buffer), asio::use_awaitable);
    decoder.feed({buffer.data(), size});
    while (auto frame = decoder.next()) handle(std::move(*frame));
  }
}

asio::awaitable<void> Mux::State::write_port() {
  for (;;) {
    while (queue.empty()) co_await queued.wait();
    co_await asio::async_write(port, asio::buffer(queue.front().bytes), asio::use_awaitable);
    if (const auto& owner = queue.front().owner) {
      owner->chunk_waits = false;
      owner->writable.notify();
    }
    queue.pop_front();
    sent.notify();
  }
}

void Mux::State::handle(Frame frame) {
  if (frame.type == FrameType::message) {
    messages.push_back(std::move(frame.payload));
    return arrived.notify();
  }
  if (frame.type == FrameType::open) {
    if (frame.stream % 2 == next_id % 2 || frame.stream == 0 || streams.contains(frame.stream))
      throw ProtocolError("stream " + std::to_string(frame.stream) + " opened twice, or by the wrong side");
    const auto stream =
        std::make_shared<Stream::State>(shared_from_this(), frame.stream, std::move(frame.payload));
    streams[frame.stream] = stream;
    accepted.push_back(stream);
    return arrived.notify();
  }
  const auto found = streams.find(frame.stream);
  if (found == streams.end()) return;  // it was reset here while the frame was under way
  const auto stream = found->second;
  switch (frame.type) {
    case FrameType::data:
      stream->take(frame.payload);
      break;
    case FrameType::end:
      stream->received_end = true;
      stream->readable.notify();
      stream->forget_if_over();
      break;
    case FrameType::reset:
      stream->close(std::move(frame.payload));
      stream->forget_if_over();
      break;
    case FrameType::credit: {
      const auto more = decode_credit(frame.payload);
      if (more > window_bytes - stream->credit) throw ProtocolError("more credit than there is window");
      stream->credit += more;
      stream->writable.notify();
      break;
    }
    default:
      break;
  }
}

void Mux::State::close() {
  if (std::exchange(over, true)) return;
  boost::system::error_code ignored;
  port.close(ignored);
  queue.clear();
  accepted.clear();
  for (const auto& [id, stream] : std::exchange(streams, {})) stream->close("the other side is gone");
  arrived.notify();
  sent.notify();
}

}  // namespace lblab::guest
