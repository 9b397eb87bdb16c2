#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>

#include "lbcore/dataplane/child.hpp"
#include "lbcore/dataplane/dataplane.hpp"

namespace lbcore::dataplane {

/// nginx as a layer-7 proxy (nginx_config.hpp has its configuration). It is lbd's child: a change is a new
/// file that `nginx -t` accepts, and SIGHUP, upon which old workers finish the requests that they have. If it
/// ends by itself it is started again. It ends when lbd does, however that ends, and with it its connections,
/// which no other process could take over; so there is nothing for a new lbd to adopt. Services' addresses
/// are taken in by local routes.
class Nginx : public Dataplane {
 public:
  /// folder: for its files; made if it is not there.
  Nginx(boost::asio::any_io_executor, std::string folder);

  Table table() override { return table_; }
  /// Its real servers, without counts: nginx drains by itself.
  std::vector<ipvs::ServiceCounters> counters() override;
  void prepare(std::span<const Range>) override;
  void apply(const Table& desired, std::span<const ipvs::Change>) override;
  void clear() override;

 private:
  void configure(const Table&);
  void start();
  void start_later();

  boost::asio::any_io_executor executor_;
  boost::asio::steady_timer again_;
  std::string folder_, text_;
  std::vector<Range> ranges_;
  Table table_;
  std::optional<Child> child_;
};

}  // namespace lbcore::dataplane
