#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "lab/probe/names.hpp"
#include "lab/probe/record_file.hpp"

namespace lblab::probe {

namespace {

/// What a server says need not be UTF-8.
std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

class Lines {
 public:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_.push_back('\n');
    ++count_;
  }
  /// After the line that says what they are; `more`: further members of it, with a comma before each.
  std::string under(std::string_view record, std::string_view more) const {
    return fmt::format("{{\"record\":\"{}\",\"lines\":{}{}}}\n", record, count_, more) +
           fmt::to_string(text_);
  }

 private:
  fmt::memory_buffer text_;
  std::size_t count_ = 0;
};

std::string member(std::string_view name, const std::optional<nanoseconds>& value) {
  return value ? fmt::format(",\"{}\":{}", name, value->count()) : "";
}

}  // namespace

std::string text_of(const UdpRecord& record) {
  Lines lines;
  for (const auto& sent : record.sent)
    if (sent.error == 0)
      lines.add("{{\"sent\":[{},{},{}]}}", sent.flow, sent.number, sent.at.count());
    else
      lines.add("{{\"sent\":[{},{},{},{}]}}", sent.flow, sent.number, sent.at.count(), sent.error);
  for (const auto& echo : record.echoes)
    lines.add("{{\"echo\":[{},{},{},{},{}]}}", echo.flow, echo.number, echo.at.count(), quoted(echo.server),
              quoted(echo.seen));
  return lines.under("udp", fmt::format(",\"ports\":[{}],\"sent\":[\"flow\",\"number\",\"at\"],"
                                        "\"echo\":[\"flow\",\"number\",\"at\",\"server\",\"seen\"]",
                                        fmt::join(record.ports, ",")));
}

std::string text_of(const std::vector<Request>& requests) {
  Lines lines;
  for (const auto& r : requests)
    lines.add(
        "{{\"number\":{},\"due\":{},\"began\":{},\"connected\":{},\"ended\":{},\"end\":\"{}\",\"status\":{},"
        "\"port\":{},\"server\":{},\"seen\":{}}}",
        r.number, r.due.count(), r.began.count(), r.connected.count(), r.ended.count(), name(r.end), r.status,
        r.port, quoted(r.server), quoted(r.seen));
  return lines.under("http", "");
}

std::string text_of(const std::vector<Flow>& flows) {
  Lines lines;
  for (const auto& flow : flows) {
    lines.add("{{\"port\":{},\"began\":{},\"ended\":{},\"end\":\"{}\",\"seen\":{}}}", flow.port,
              flow.began.count(), flow.ended.count(), name(flow.end), quoted(flow.seen));
    for (const auto& exchange : flow.exchanges)
      lines.add("{{\"exchange\":[{},{},{}]}}", exchange.at.count(),
                exchange.answered ? std::to_string(exchange.answered->count()) : "null",
                quoted(exchange.server));
  }
  return lines.under("flows", ",\"exchange\":[\"at\",\"answered\",\"server\"]");
}

std::string text_of(const JitterRecord& record) {
  Lines lines;
  for (const auto& late : record.late) lines.add("{{\"late\":[{},{}]}}", late.due.count(), late.by.count());
  return lines.under("jitter", member("period", record.period) + member("began", record.began) +
                                   member("ended", record.ended) + member("steal", record.steal) +
                                   member("waited", record.waited));
}

}  // namespace lblab::probe
