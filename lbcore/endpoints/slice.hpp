#pragma once

#include <string>
#include <string_view>

#include "lbcore/endpoint.hpp"
#include "lbcore/mistake.hpp"
#include "lbcore/service.hpp"

namespace lbcore::endpoints {

/// Which port of a slice is wanted.
struct Wanted {
  Protocol protocol = Protocol::tcp;
  std::string port_name;           // empty: the first of the protocol
  std::uint16_t default_port = 0;  // where a slice names no port (Kubernetes: "all ports")
};

struct Read {
  Endpoints endpoints;
  Mistakes mistakes;  // if there are any, `endpoints` is not to be used
};

/// Reads Kubernetes EndpointSlices (discovery.k8s.io/v1) from JSON or YAML: one, an EndpointSliceList or
/// List, or several documents. Keys that it does not use are let be. Conditions mean what the API says:
/// `ready` unset is ready; not ready is no endpoint, except while it is `terminating`: then it drains. Of an
/// endpoint's addresses, which are interchangeable, the first is used. Text without any slice is a mistake: a
/// list with no items says "none" on purpose, an empty file does not.
Read read_slices(std::string_view text, const Wanted&);

}  // namespace lbcore::endpoints
