#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <set>
#include <string>

#include "lbcore/dataplane/child.hpp"
#include "lbcore/dataplane/ipvs.hpp"
#include "lbcore/dataplane/nat.hpp"

namespace lbcore::dataplane {

/// keepalived looks after IPVS, as in the papers: lbd writes what there is (keepalived_config.hpp) and sends
/// SIGHUP; keepalived checks the real servers and has those in the kernel's table that pass. It tells of them
/// through a FIFO. It is lbd's child. If it ends by itself it is started again, and the kernel balances on
/// meanwhile; so it does when lbd ends, and the next lbd's keepalived takes over what is in the kernel's
/// table, believing it until its checks say otherwise. What is there and not wanted is removed before it
/// starts: it knows of nothing that it did not put there. A service without endpoints is not in the table.
class Keepalived : public Ipvs {
 public:
  /// folder: for its files; made if it is not there.
  Keepalived(boost::asio::any_io_executor, std::string folder);

  void prepare(std::span<const Range>) override;
  void apply(const Table& desired, std::span<const ipvs::Change>) override;
  void clear() override;
  void follow(std::function<void(Changed)> changed) override;

 private:
  std::string file(const char* name) const { return folder_ + "/" + name; }
  void configure(const Table&);
  void adopt(const Table& desired);
  void start();
  void start_later();
  void stop();
  void read_told();

  boost::asio::any_io_executor executor_;
  boost::asio::steady_timer again_;
  std::string folder_, text_;
  boost::asio::posix::stream_descriptor told_;  // the FIFO
  std::function<void(Changed)> changed_;
  std::vector<Range> ranges_;
  Table desired_;
  std::set<Place> believed_;
  std::optional<Child> child_;
};

}  // namespace lbcore::dataplane
