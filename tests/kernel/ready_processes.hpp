#pragma once

#include <poll.h>

#include <chrono>
#include <list>
#include <regex>
#include <stdexcept>

#include "lab/apply/linux_kernel.hpp"
#include "lab/sys/error.hpp"

namespace lblab {

/// Keeps processes and what they write, and waits for a line of theirs.
class ReadyProcesses : public apply::Processes {
 public:
  void started(const std::string& host, const model::Process& spec, sys::Process process, sys::Fd out,
               sys::Fd err) override {
    held_.push_back({host, spec, "", {std::move(out), std::move(err)}, std::move(process)});
  }
  void signal(const std::string& host, const model::Process& spec, int number) override {
    find(host, spec.name).process.signal(number);
  }
  void removed(const std::string& host) override {
    held_.remove_if([&](const auto& held) { return held.host == host; });
  }

  /// Returns once a line that the process wrote, or writes now, has the pattern in it. Throws, with all that
  /// it wrote, when that takes longer.
  void await(const std::string& host, const std::string& process, const std::string& pattern,
             std::chrono::seconds within = std::chrono::seconds{60}) {
    auto& held = find(host, process);
    const std::regex regex(pattern);
    const auto deadline = std::chrono::steady_clock::now() + within;
    while (!has_line(held.text, regex)) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0 || !read_some(left))
        throw std::runtime_error(host + "/" + process + " never wrote /" + pattern + "/, but:\n" + held.text);
    }
  }

  /// Waits until every process with a pattern for it is ready.
  void await_all() {
    for (const auto& held : held_)
      if (held.spec.ready.when == model::Ready::When::output)
        await(held.host, held.spec.name, held.spec.ready.pattern);
  }

 private:
  struct Held {
    std::string host;
    model::Process spec;
    std::string text;
    sys::Fd output[2];
    sys::Process process;
  };

  Held& find(const std::string& host, const std::string& name) {
    for (auto& held : held_)
      if (held.host == host && held.spec.name == name) return held;
    throw std::runtime_error(host + " runs no " + name);
  }

  static bool has_line(const std::string& text, const std::regex& regex) {
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      if (end == std::string::npos) return false;
      if (std::regex_search(text.begin() + static_cast<long>(at), text.begin() + static_cast<long>(end),
                            regex))
        return true;
      at = end + 1;
    }
    return false;
  }

  /// From whoever wrote something. False: nobody did in this time, or nobody is left who could.
  bool read_some(std::chrono::milliseconds within) {
    std::vector<pollfd> polled;
    std::vector<std::pair<Held*, sys::Fd*>> ends;
    for (auto& held : held_)
      for (auto& end : held.output)
        if (end) {
          polled.push_back({end.get(), POLLIN, 0});
          ends.emplace_back(&held, &end);
        }
    if (polled.empty() || sys::check("wait for output", ::poll(polled.data(), polled.size(),
                                                               static_cast<int>(within.count()))) == 0)
      return false;
    for (std::size_t i = 0; i < polled.size(); ++i) {
      if (!polled[i].revents) continue;
      char buffer[4096];
      const auto n = ::read(polled[i].fd, buffer, sizeof buffer);
      if (n > 0)
        ends[i].first->text.append(buffer, static_cast<std::size_t>(n));
      else
        *ends[i].second = sys::Fd{};
    }
    return true;
  }

  std::list<Held> held_;
};

}  // namespace lblab
