#include "lab/daemons/nginx.hpp"

#include <fmt/core.h>

namespace lblab::daemons::nginx {

namespace {
constexpr const char* prefix = "/run/nginx";
constexpr const char* path = "/run/nginx/nginx.conf";
}  // namespace

Program web(const Address& own, std::uint16_t port) {
  Program made;
  made.process.name = "nginx";
  // -e: otherwise it opens Debian's /var/log/nginx/error.log before it reads its configuration.
  made.process.argv = {"nginx", "-e", "stderr", "-p", prefix, "-c", path};
  // nginx says this once it listens.
  made.process.ready = {.when = model::Ready::When::output, .pattern = "using the \"epoll\" event method"};
  made.process.stop_signal = 3;  // SIGQUIT: answers what it has accepted, then ends
  made.process.needs = {"program:nginx"};
  made.files = {{.path = path,
                 .text = fmt::format(
                     R"(# Answers every request with the pod's own address; X-Seen tells where it came from.
daemon off;
master_process off;
pid {0}/nginx.pid;
error_log stderr notice;
events {{
    worker_connections 4096;
}}
http {{
    access_log off;
    default_type text/plain;
    client_body_temp_path {0}/body;
    proxy_temp_path {0}/proxy;
    fastcgi_temp_path {0}/fastcgi;
    uwsgi_temp_path {0}/uwsgi;
    scgi_temp_path {0}/scgi;
    keepalive_timeout 65s;
    keepalive_requests 1000000;
    server {{
        listen {1} backlog=4096;
        add_header X-Seen $remote_addr:$remote_port;
        return 200 "{2}";
    }}
}}
)",
                     prefix, port, own.str())}};
  return made;
}

}  // namespace lblab::daemons::nginx
