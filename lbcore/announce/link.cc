#include "lbcore/announce/link.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <filesystem>

#include "lab/sys/error.hpp"
#include "lbcore/announce/outbox.hpp"

namespace lbcore::announce {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;

namespace {

void rethrow(std::exception_ptr failure) {
  if (failure) std::rethrow_exception(failure);
}

Protocol::acceptor listen(asio::any_io_executor executor, const std::filesystem::path& path) try {
  std::filesystem::create_directories(std::filesystem::absolute(path).parent_path());
  const std::string beside = path.string() + ".new";
  ::unlink(beside.c_str());
  Protocol::acceptor acceptor(executor, Protocol::endpoint(beside));
  lblab::sys::check("set the mode of " + beside, ::chmod(beside.c_str(), 0660));
  lblab::sys::check("rename " + beside, ::rename(beside.c_str(), path.c_str()));
  return acceptor;
} catch (const boost::system::system_error& e) {
  throw lblab::sys::SystemError("listen at " + path.string(), e.code().value());
}

}  // namespace

struct Link::Impl {
  using Helper = Outbox<Protocol::socket>;

  asio::any_io_executor executor;
  Observer observer;
  Protocol::acceptor acceptor;
  std::shared_ptr<Helper> helper;  // the newest connection; empty: none
  std::optional<std::vector<Route>> routes;
  std::uint64_t said = 0, done = 0;  // ids of this connection
  std::map<std::string, bool> sessions;
  bool closed = false;

  Impl(asio::any_io_executor e, const std::string& path, Observer o)
      : executor(e), observer(std::move(o)), acceptor(listen(e, path)) {}

  void say() {
    if (helper && routes) helper->send(encode(SetRoutes{++said, *routes}));
  }

  static asio::awaitable<void> accept(std::shared_ptr<Impl> self) {
    for (;;) {
      boost::system::error_code error;
      auto socket = co_await self->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (self->closed) co_return;
      if (error) throw boost::system::system_error(error, "accept lbd-announce");
      self->take(std::make_shared<Helper>(std::move(socket)));
      asio::co_spawn(self->executor, listen_to(self, self->helper), rethrow);
    }
  }

  void take(std::shared_ptr<Helper> newcomer) {
    drop();
    helper = std::move(newcomer);
    said = done = 0;
    observer.connection(true);
    say();
  }

  void drop() {
    if (!helper) return;
    boost::system::error_code ignored;
    helper->stream().close(ignored);
    helper.reset();
    sessions.clear();
    observer.connection(false);
  }

  static asio::awaitable<void> listen_to(std::shared_ptr<Impl> self, std::shared_ptr<Helper> helper) {
    std::string buffer;
    for (;;) {
      boost::system::error_code error;
      const auto n = co_await asio::async_read_until(helper->stream(), asio::dynamic_buffer(buffer), '\n',
                                                     asio::redirect_error(asio::use_awaitable, error));
      if (self->closed || self->helper != helper) co_return;
      const auto message = error ? std::nullopt : decode_from_helper({buffer.data(), n - 1});
      if (!message) co_return self->drop();
      buffer.erase(0, n);
      std::visit([&](const auto& m) { self->heard(m); }, *message);
    }
  }

  void heard(const Acknowledged& a) {
    done = a.id;
    observer.acknowledged(a);
  }

  void heard(const Session& s) {
    sessions[s.peer] = s.up;
    observer.session(s);
  }
};

Link::Link(asio::any_io_executor executor, std::string path, Observer observer)
    : impl_(std::make_shared<Impl>(executor, path, std::move(observer))) {
  asio::co_spawn(executor, Impl::accept(impl_), rethrow);
}

Link::~Link() {
  impl_->closed = true;
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
  if (impl_->helper) impl_->helper->stream().close(ignored);
}

void Link::set(const std::vector<Route>& routes) {
  if (impl_->routes == routes) return;
  impl_->routes = routes;
  impl_->say();
}

const std::optional<std::vector<Route>>& Link::routes() const { return impl_->routes; }
bool Link::connected() const { return impl_->helper != nullptr; }
bool Link::settled() const { return !impl_->helper || impl_->done == impl_->said; }
const std::map<std::string, bool>& Link::sessions() const { return impl_->sessions; }

}  // namespace lbcore::announce
