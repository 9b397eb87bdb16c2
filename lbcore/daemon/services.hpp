#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lbcore/daemon/desired.hpp"
#include "lbcore/daemon/events.hpp"
#include "lbcore/endpoints/file.hpp"
#include "lbcore/health/checker.hpp"

namespace lbcore::daemon {

/// What is known of every service: its endpoints, as its file has them, and their health. One thread: its
/// executor's.
class Services {
 public:
  /// `changed` is called with a service's name when what is known of it may be different; not from within a
  /// call of this class.
  Services(boost::asio::any_io_executor, Events, std::function<void(const std::string&)> changed);

  /// These services and no others. What is known of those that stay is kept. A destination that the kernel
  /// has is believed to be healthy until its own checks say otherwise; while a service's file has never been
  /// read, the kernel's destinations are its endpoints: so a new lbd changes nothing that need not change.
  void configure(const std::vector<ServiceSettings>&, const Table& in_kernel);

  std::vector<Known> known() const;  // valid until the next configure()
  /// Nothing: there is none of that name.
  std::optional<Known> known(const std::string& name) const;
  /// Takes a service out of service, or back; an empty name: all. False: there is none of that name.
  bool drain(const std::string& name, bool drained);

  struct EndpointStatus {
    Endpoint endpoint;
    health::Status health;
  };
  struct ServiceStatus {
    const ServiceSettings* settings;
    const endpoints::File* file;
    bool drained;
    std::vector<EndpointStatus> endpoints;
  };
  std::vector<ServiceStatus> status() const;

 private:
  struct Service {
    ServiceSettings settings;
    endpoints::File file;
    Endpoints adopted;  // the kernel's, while the file has not been read
    bool drained = false;
    const Endpoints& endpoints() const;
  };

  Service make(const ServiceSettings&);
  void adopt(Service&, const Table& in_kernel, std::set<std::string>& believed) const;
  void check(const std::set<std::string>& believed);
  ServiceStatus status(const Service&) const;
  Known known(const Service&) const;
  void file_changed(const std::string& name);
  void report_file(const Service&) const;
  const Service* find(const std::string& name) const;

  endpoints::Folders folders_;
  Events events_;
  std::function<void(const std::string&)> changed_;
  std::vector<Service> services_;
  health::Checker checker_;
};

}  // namespace lbcore::daemon
