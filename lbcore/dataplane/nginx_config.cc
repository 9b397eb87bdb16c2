#include "lbcore/dataplane/nginx_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace lbcore::dataplane::nginx {

namespace {

constexpr const char* nobody = "none";

std::string upstream_name(const Range& range) {
  return fmt::format("{}-{}-{}", range.addresses.address.str(), range.addresses.length, range.port);
}

std::string method(const std::string& scheduler) {
  if (scheduler == "lc") return "        least_conn;\n";
  if (scheduler == "sh") return "        hash $remote_addr:$remote_port;\n";
  return "";
}

/// Empty: no real server takes connections.
std::string upstream(const Range& range, const VirtualService& service) {
  std::string servers;
  // Who is healthy is lbd's business: max_fails=0.
  for (const auto& d : service.destinations)
    if (d.weight > 0)
      servers +=
          fmt::format("        server {}:{} weight={} max_fails=0;\n", d.address.str(), d.port, d.weight);
  if (servers.empty()) return "";
  return fmt::format(
      "    upstream {0} {{\n"
      "        zone {0} 256k;\n"
      "{1}{2}"
      "        keepalive 64;\n"
      "    }}\n",
      upstream_name(range), method(service.scheduler), servers);
}

std::string server(std::uint16_t port, const std::string& choices) {
  return fmt::format(
      R"(    geo $server_addr $service_{0} {{
        default "";
{1}    }}
    server {{
        listen {0} backlog=4096;
        if ($service_{0} = "") {{
            return 404;
        }}
        if ($service_{0} = {2}) {{
            return 503;
        }}
        location / {{
            proxy_pass http://$service_{0};
        }}
    }}
)",
      port, choices, nobody);
}

}  // namespace

std::string config(std::span<const Range> ranges, const Table& services, const std::string& folder) {
  std::string upstreams, servers;
  std::map<std::uint16_t, std::string> choices;  // by port
  for (const auto& range : ranges) {
    const auto service = std::ranges::find(services, lbcore::key_of(range), &VirtualService::key);
    const auto one = service == services.end() ? "" : upstream(range, *service);
    upstreams += one;
    choices[range.port] += fmt::format("        {}/{} {};\n", range.addresses.address.str(),
                                       range.addresses.length, one.empty() ? nobody : upstream_name(range));
  }
  for (const auto& [port, of_port] : choices) servers += server(port, of_port);
  return fmt::format(
      R"(# Written by lbd.
daemon off;
worker_processes auto;
pid {0}/nginx.pid;
error_log stderr notice;
events {{
    worker_connections 4096;
}}
http {{
    access_log off;
    client_body_temp_path {0}/body;
    proxy_temp_path {0}/proxy;
    fastcgi_temp_path {0}/fastcgi;
    uwsgi_temp_path {0}/uwsgi;
    scgi_temp_path {0}/scgi;
    client_max_body_size 0;
    keepalive_requests 1000000;
    proxy_http_version 1.1;
    proxy_connect_timeout 1s;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
{1}{2}}}
)",
      folder, upstreams, servers);
}

}  // namespace lbcore::dataplane::nginx
