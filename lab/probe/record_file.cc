#include "lab/probe/record_file.hpp"

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "lab/probe/names.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::probe {

namespace {

using Json = nlohmann::json;

nanoseconds time(const Json& value) { return nanoseconds{value.get<std::int64_t>()}; }
std::optional<nanoseconds> optional_time(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional{time(value)};
}
std::optional<nanoseconds> optional_member(const Json& object, const char* name) {
  return object.contains(name) ? optional_time(object[name]) : std::nullopt;
}

void refuse_unless(bool good, const std::string& complaint) {
  if (!good) throw std::runtime_error(complaint);
}

/// A record's first line, then each that follows it, handed over with the number of the line in messages.
class Reader {
 public:
  using Take = std::function<void(const Json&)>;

  Reader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  void head(const std::string& record, const Take& take) {
    next([&](const Json& line) {
      refuse_unless(line.at("record") == record, "is no record of " + record);
      left_ = line.at("lines").get<std::size_t>();
      take(line);
    });
  }
  void rest(const Take& take) {
    for (; left_ > 0; --left_) next(take);
    if (!text_.empty()) fail("is more than the first line tells of", number_ + 1);
  }

 private:
  void next(const Take& take) {
    ++number_;
    const auto end = text_.find('\n');
    if (end == std::string_view::npos) fail("the record is cut short");
    try {
      take(Json::parse(text_.substr(0, end)));
    } catch (const std::runtime_error& error) {
      fail(error.what());
    } catch (const Json::exception& error) {
      fail(error.what());
    }
    text_.remove_prefix(end + 1);
  }
  [[noreturn]] void fail(const std::string& complaint) const { fail(complaint, number_); }
  [[noreturn]] void fail(const std::string& complaint, std::size_t line) const {
    throw std::runtime_error(file_ + ":" + std::to_string(line) + ": " + complaint);
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t number_ = 0, left_ = 0;
};

void take_sent(const Json& value, UdpRecord& record) {
  UdpRecord::Sent sent{value.at(0), value.at(1), time(value.at(2))};
  if (value.size() > 3) sent.error = value[3];
  refuse_unless(sent.flow >= 0 && static_cast<std::size_t>(sent.flow) < record.ports.size(), "no such flow");
  record.sent.push_back(sent);
}

void take_echo(const Json& value, UdpRecord& record) {
  record.echoes.push_back({value.at(0), value.at(1), time(value.at(2)), value.at(3), value.at(4)});
  const int flow = record.echoes.back().flow;
  refuse_unless(flow >= 0 && static_cast<std::size_t>(flow) < record.ports.size(), "no such flow");
}

Request request(const Json& line) {
  return {.number = line.at("number"),
          .due = time(line.at("due")),
          .began = time(line.at("began")),
          .connected = time(line.at("connected")),
          .ended = time(line.at("ended")),
          .end = request_end(line.at("end").get<std::string>()),
          .status = line.at("status"),
          .port = line.at("port"),
          .server = line.at("server"),
          .seen = line.at("seen")};
}

Flow flow(const Json& line) {
  return {.port = line.at("port"),
          .began = time(line.at("began")),
          .ended = time(line.at("ended")),
          .end = flow_end(line.at("end").get<std::string>()),
          .seen = line.at("seen")};
}

}  // namespace

UdpRecord parse_udp(std::string_view text, const std::string& file) {
  UdpRecord record;
  Reader reader(text, file);
  reader.head("udp",
              [&](const Json& line) { record.ports = line.at("ports").get<std::vector<std::uint16_t>>(); });
  reader.rest([&](const Json& line) {
    if (line.contains("sent"))
      take_sent(line["sent"], record);
    else
      take_echo(line.at("echo"), record);
  });
  return record;
}

std::vector<Request> parse_requests(std::string_view text, const std::string& file) {
  std::vector<Request> requests;
  Reader reader(text, file);
  reader.head("http", [](const Json&) {});
  reader.rest([&](const Json& line) { requests.push_back(request(line)); });
  return requests;
}

std::vector<Flow> parse_flows(std::string_view text, const std::string& file) {
  std::vector<Flow> flows;
  Reader reader(text, file);
  reader.head("flows", [](const Json&) {});
  reader.rest([&](const Json& line) {
    if (!line.contains("exchange")) return flows.push_back(flow(line));
    refuse_unless(!flows.empty(), "an exchange of no flow");
    const auto& exchange = line["exchange"];
    flows.back().exchanges.push_back({time(exchange.at(0)), optional_time(exchange.at(1)), exchange.at(2)});
  });
  return flows;
}

JitterRecord parse_jitter(std::string_view text, const std::string& file) {
  JitterRecord record;
  Reader reader(text, file);
  reader.head("jitter", [&](const Json& line) {
    record.period = time(line.at("period"));
    record.began = time(line.at("began"));
    record.ended = time(line.at("ended"));
    record.steal = optional_member(line, "steal");
    record.waited = optional_member(line, "waited");
  });
  reader.rest([&](const Json& line) {
    record.late.push_back({time(line.at("late").at(0)), time(line["late"].at(1))});
  });
  return record;
}

UdpRecord read_udp(const std::string& path) { return parse_udp(sys::read_file(path), path); }
std::vector<Request> read_requests(const std::string& path) {
  return parse_requests(sys::read_file(path), path);
}
std::vector<Flow> read_flows(const std::string& path) { return parse_flows(sys::read_file(path), path); }
JitterRecord read_jitter(const std::string& path) { return parse_jitter(sys::read_file(path), path); }

Records read_records(const std::string& folder) {
  Records records;
  const auto at = [&](const char* name) { return folder + "/" + name; };
  const auto there = [&](const char* name) { return std::filesystem::exists(at(name)); };
  if (there(udp_file)) records.udp = read_udp(at(udp_file));
  if (there(http_file)) records.requests = read_requests(at(http_file));
  if (there(flows_file)) records.flows = read_flows(at(flows_file));
  if (there(jitter_file)) records.jitter = read_jitter(at(jitter_file));
  return records;
}

}  // namespace lblab::probe
