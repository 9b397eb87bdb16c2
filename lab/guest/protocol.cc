#include "lab/guest/protocol.hpp"

#include <nlohmann/json.hpp>

#include "lab/guest/frame.hpp"

namespace lblab::guest {

using nlohmann::json;

namespace {

// Paths and arguments are bytes, JSON strings are UTF-8: bytes above 127 travel as the code points of the
// same number.
std::string widen(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) out.push_back(static_cast<char>(0xc0 | byte >> 6));
    out.push_back(byte < 0x80 ? c : static_cast<char>(0x80 | (byte & 0x3f)));
  }
  return out;
}

std::string narrow(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80)
      out.push_back(text[i]);
    else if (++i < text.size())
      out.push_back(static_cast<char>((byte & 3) << 6 | (text[i] & 0x3f)));
  }
  return out;
}

json list(const std::vector<std::string>& strings) {
  json out = json::array();
  for (const auto& s : strings) out.push_back(widen(s));
  return out;
}

std::vector<std::string> list(const json& strings) {
  std::vector<std::string> out;
  for (const auto& s : strings) out.push_back(narrow(s.get<std::string>()));
  return out;
}

json to_json(const Size& size) { return {{"rows", size.rows}, {"columns", size.columns}}; }
Size to_size(const json& j) { return {j.at("rows").get<int>(), j.at("columns").get<int>()}; }

json to_json(const Start& start) {
  json out{{"argv", list(start.argv)},
           {"environment", list(start.environment)},
           {"directory", widen(start.directory)},
           {"visible", list(start.visible)},
           {"shared", json::array()},
           {"errors-join-output", start.errors_join_output},
           {"now-ns", start.now_ns}};
  for (const auto& folder : start.shared)
    out["shared"].push_back({{"tag", folder.tag}, {"path", widen(folder.path)}});
  if (start.terminal) out["terminal"] = to_json(*start.terminal);
  return out;
}

Start to_start(const json& j) {
  Start start{list(j.at("argv")),
              list(j.at("environment")),
              narrow(j.at("directory").get<std::string>()),
              list(j.at("visible")),
              {},
              {},
              j.at("errors-join-output").get<bool>(),
              j.at("now-ns").get<std::int64_t>()};
  for (const auto& folder : j.at("shared"))
    start.shared.push_back(
        {folder.at("tag").get<std::string>(), narrow(folder.at("path").get<std::string>())});
  if (j.contains("terminal")) start.terminal = to_size(j["terminal"]);
  return start;
}

template <class Read>
auto decoded(const std::string& text, Read read) {
  try {
    const auto message = json::parse(text);
    if (!message.is_object()) throw ProtocolError("a message that is no object");
    return read(message);
  } catch (const json::exception& error) {
    throw ProtocolError(std::string("a message that cannot be read: ") + error.what());
  }
}

}  // namespace

std::string encode(const ToGuest& message) {
  json out = json::object();
  if (message.start) out["start"] = to_json(*message.start);
  if (message.signal) out["signal"] = message.signal->number;
  if (message.resize) out["resize"] = to_json(message.resize->size);
  return out.dump();
}

std::string encode(const ToHost& message) {
  json out = json::object();
  if (message.started) out["started"] = true;
  if (message.ended && message.ended->status) out["status"] = *message.ended->status;
  if (message.ended && message.ended->signal) out["signal"] = *message.ended->signal;
  if (message.failed)
    out["failed"] = {{"text", widen(message.failed->text)}, {"error", message.failed->error}};
  return out.dump();
}

ToGuest decode_to_guest(const std::string& text) {
  return decoded(text, [](const json& j) {
    ToGuest message;
    if (j.contains("start")) message.start = to_start(j["start"]);
    if (j.contains("signal")) message.signal = SendSignal{j["signal"].get<int>()};
    if (j.contains("resize")) message.resize = Resize{to_size(j["resize"])};
    return message;
  });
}

ToHost decode_to_host(const std::string& text) {
  return decoded(text, [](const json& j) {
    ToHost message;
    message.started = j.value("started", false);
    if (j.contains("status")) message.ended = sys::Exit{j["status"].get<int>(), std::nullopt};
    if (j.contains("signal")) message.ended = sys::Exit{std::nullopt, j["signal"].get<int>()};
    if (j.contains("failed"))
      message.failed =
          Failure{narrow(j["failed"].at("text").get<std::string>()), j["failed"].at("error").get<int>()};
    return message;
  });
}

}  // namespace lblab::guest
