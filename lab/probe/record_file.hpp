#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lab/probe/record.hpp"

/// Records as text: JSON, one datagram, request, exchange or late wake a line, all times in integers of
/// nanoseconds. The first line says of what the record is and how many lines follow, so that half a file is
/// not taken for a whole one.
///
///     {"record":"udp","lines":2,"ports":[40001],"sent":["flow","number","at"],"echo":[…]}
///     {"sent":[0,0,1200300400]}                                     a fourth element is the errno
///     {"echo":[0,0,1200500600,"172.16.1.2","192.0.2.10:40001"]}
///
///     {"record":"http","lines":1}
///     {"number":0,"due":…,"began":…,"connected":…,"ended":…,"end":"answered","status":200,"port":…,"server":…,"seen":…}
///
///     {"record":"flows","lines":2,"exchange":["at","answered","server"]}
///     {"port":…,"began":…,"ended":…,"end":"survived","seen":…}      its exchanges follow
///     {"exchange":[1200300400,1200500600,"172.16.1.2"]}             or [1200300400,null,""]
///
///     {"record":"jitter","lines":1,"period":…,"began":…,"ended":…,"steal":…,"waited":…}
///     {"late":[1200300400,7000000]}                                 due, by
namespace lblab::probe {

std::string text_of(const UdpRecord&);
std::string text_of(const std::vector<Request>&);
std::string text_of(const std::vector<Flow>&);
std::string text_of(const JitterRecord&);

/// file: for messages. Throw std::runtime_error, "FILE:LINE: what is wrong".
UdpRecord parse_udp(std::string_view text, const std::string& file);
std::vector<Request> parse_requests(std::string_view text, const std::string& file);
std::vector<Flow> parse_flows(std::string_view text, const std::string& file);
JitterRecord parse_jitter(std::string_view text, const std::string& file);

/// They also throw sys::SystemError: no such file.
UdpRecord read_udp(const std::string& path);
std::vector<Request> read_requests(const std::string& path);
std::vector<Flow> read_flows(const std::string& path);
JitterRecord read_jitter(const std::string& path);

/// The names under which read_records() looks for them.
inline constexpr const char *udp_file = "udp.jsonl", *http_file = "http.jsonl", *flows_file = "flows.jsonl",
                            *jitter_file = "jitter.jsonl";

/// What there is in the folder; a probe that was not run has left no file.
Records read_records(const std::string& folder);

}  // namespace lblab::probe
