#include "lab/run/balancer.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "lab/http/http.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::run {

using nlohmann::json;

namespace {

constexpr std::chrono::seconds lbd_patience{2};

std::string endpoint(const json& destination) {
  const std::string address = destination.at("address");
  const char* form = address.find(':') == std::string::npos ? "{}:{}" : "[{}]:{}";
  return fmt::format(fmt::runtime(form), address, destination.at("port").get<int>());
}

json table(const json& state) {
  json services = json::array();
  for (const auto& service : state.at("services")) {
    json destinations = json::array();
    for (const auto& d : service.at("destinations"))
      destinations.push_back({{"address", endpoint(d)},
                              {"forwarding", d.at("forwarding")},
                              {"weight", d.at("weight")},
                              {"active", d.value("active", 0)},
                              {"inactive", d.value("inactive", 0)}});
    services.push_back({{"service", service.at("name")},
                        {"scheduler", service.at("scheduler")},
                        {"destinations", destinations}});
  }
  return {{"dataplane", state.at("dataplane")}, {"services", services}};
}

}  // namespace

bool balances(const model::Host& host) {
  return std::ranges::find(host.processes, "lbd", &model::Process::name) != host.processes.end();
}

bool balances_by_ipvs(const model::Host& host) {
  return std::ranges::any_of(host.processes,
                             [](const model::Process& process) { return process.needs.contains("ipvs"); });
}

boost::asio::awaitable<std::optional<json>> told_by_lbd(std::string socket) try {
  const std::filesystem::path path = std::move(socket);
  // By a descriptor of its folder: the kernel takes no more than 107 characters (unix(7)).
  const auto folder = sys::open(path.parent_path(), O_PATH | O_DIRECTORY);
  const http::Endpoint lbd{fmt::format("/proc/self/fd/{}/{}", folder.get(), path.filename().string())};
  const http::Request request{"GET", "/state", ""};
  const auto answer = co_await http::fetch(lbd, request, lbd_patience);
  if (answer.status != 200) co_return std::nullopt;
  co_return table(json::parse(answer.body));
} catch (const std::system_error&) {  // not there yet, ending, or busy
  co_return std::nullopt;
}

}  // namespace lblab::run
