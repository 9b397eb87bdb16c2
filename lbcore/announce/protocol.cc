#include "lbcore/announce/protocol.hpp"

#include <nlohmann/json.hpp>

namespace lbcore::announce {

namespace {

using nlohmann::json;

json to_json(const std::vector<Route>& routes) {
  json list = json::array();
  for (const auto& route : routes)
    list.push_back({{"route", route.prefix.str()}, {"next-hop", route.next_hop.str()}});
  return list;
}

/// Throws json::exception or bad_optional_access if it is not a list of routes.
std::vector<Route> routes_from(const json& list) {
  std::vector<Route> routes;
  for (const auto& entry : list)
    routes.push_back({Prefix::parse(entry.at("route").get<std::string>()).value(),
                      Address::parse(entry.at("next-hop").get<std::string>()).value()});
  return routes;
}

json to_json(const Acknowledged& a) {
  return {{"acknowledged", a.id},
          {"announced", to_json(a.announced)},
          {"withdrawn", to_json(a.withdrawn)},
          {"refused", to_json(a.refused)}};
}

json to_json(const Session& s) { return {{"peer", s.peer}, {"state", s.up ? "up" : "down"}}; }

FromHelper from_helper(const json& j) {
  if (j.contains("peer")) return Session{j.at("peer").get<std::string>(), j.at("state") == "up"};
  return Acknowledged{j.at("acknowledged").get<std::uint64_t>(), routes_from(j.at("announced")),
                      routes_from(j.at("withdrawn")), routes_from(j.at("refused"))};
}

template <class Value, class Make>
std::optional<Value> decode(std::string_view line, Make make) {
  try {
    return make(json::parse(line));
  } catch (const json::exception&) {
  } catch (const std::bad_optional_access&) {
  }
  return std::nullopt;
}

}  // namespace

std::string encode(const SetRoutes& s) {
  return json{{"id", s.id}, {"routes", to_json(s.routes)}}.dump() + "\n";
}

std::string encode(const FromHelper& message) {
  return std::visit([](const auto& m) { return to_json(m); }, message).dump() + "\n";
}

std::optional<SetRoutes> decode_set(std::string_view line) {
  return decode<SetRoutes>(line, [](const json& j) {
    return SetRoutes{j.at("id").get<std::uint64_t>(), routes_from(j.at("routes"))};
  });
}

std::optional<FromHelper> decode_from_helper(std::string_view line) {
  return decode<FromHelper>(line, from_helper);
}

}  // namespace lbcore::announce
