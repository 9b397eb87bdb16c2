#include "lab/run/process_table.hpp"

#include <signal.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

namespace lblab::run {

using namespace std::chrono_literals;
using model::Ready;
using model::Restart;
using std::chrono::steady_clock;

/// One start of a process; replaced when it is started again, so that what is still read of the old one
/// cannot touch the new.
struct ProcessTable::Entry {
  enum class State { starting, ready, ended, removed };

  std::string host;
  model::Process spec;
  sys::Process process;
  std::regex pattern;
  std::ofstream log;
  Restart again;
  State state = State::starting;
  bool is_killed = false;  // it ends, whatever it does
  int restarts = 0;
  std::chrono::milliseconds backoff = 200ms;
  steady_clock::time_point since = steady_clock::now();

  bool alive() const { return state == State::starting || state == State::ready; }
};

namespace {

constexpr auto longest_backoff = 10s;
constexpr auto settled = 10s;  // a life this long forgets the back-off

}  // namespace

ProcessTable::ProcessTable(asio::any_io_executor executor, History& history, std::string logs)
    : executor_(std::move(executor)), history_(history), logs_(std::move(logs)) {}

ProcessTable::~ProcessTable() = default;

void ProcessTable::started(const std::string& host, const model::Process& spec, sys::Process process,
                           sys::Fd out, sys::Fd err) {
  const Key key{host, spec.name};
  auto entry = std::make_shared<Entry>(Entry{.host = host,
                                             .spec = spec,
                                             .process = std::move(process),
                                             .pattern = std::regex{spec.ready.pattern},
                                             .log = std::ofstream{log_file(host, spec.name), std::ios::app},
                                             .again = spec.restart});
  if (const auto before = entries_.find(key); before != entries_.end()) {
    entry->restarts = before->second->restarts + 1;
    entry->backoff = before->second->backoff;
  }
  entries_[key] = entry;
  history_.append({{"event", "process"},
                   {"state", "started"},
                   {"host", host},
                   {"process", spec.name},
                   {"pid", entry->process.pid()}});
  if (spec.ready.when == Ready::When::started) became_ready(*entry);
  asio::co_spawn(executor_, read_lines(entry, std::move(out), this), asio::detached);
  asio::co_spawn(executor_, read_lines(entry, std::move(err), this), asio::detached);
  asio::co_spawn(executor_, wait_for_end(entry, this), asio::detached);
}

asio::awaitable<void> ProcessTable::read_lines(std::shared_ptr<Entry> entry, sys::Fd end,
                                               ProcessTable* table) {
  asio::posix::stream_descriptor stream{table->executor_, end.release()};
  std::string buffer;
  boost::system::error_code error;
  while (!error) {
    const size_t n = co_await asio::async_read_until(stream, asio::dynamic_buffer(buffer, 1 << 20), '\n',
                                                     asio::redirect_error(asio::use_awaitable, error));
    const size_t length = error ? buffer.size() : n;
    if (length > 0) table->line(*entry, std::string_view{buffer}.substr(0, length - (error ? 0 : 1)));
    buffer.erase(0, length);
    if (error == asio::error::not_found) error.clear();  // a line longer than the buffer: taken in pieces
  }
}

void ProcessTable::line(Entry& entry, std::string_view text) {
  entry.log << text << std::endl;
  std::erase_if(listeners_, [](const auto& listener) { return listener.expired(); });
  for (const auto& weak : listeners_)
    if (const auto listener = weak.lock()) (*listener)(entry.host, entry.spec.name, text);
  if (entry.state == Entry::State::starting && entry.spec.ready.when == Ready::When::output &&
      std::regex_search(text.begin(), text.end(), entry.pattern))
    became_ready(entry);
  if (!text.starts_with("{\"") || text.find("\"event\"") == text.npos) return;
  auto event = nlohmann::json::parse(text, nullptr, false);
  if (!event.is_object() || !event.contains("event")) return;
  event["host"] = entry.host;
  event["process"] = entry.spec.name;
  history_.append(std::move(event));
}

void ProcessTable::became_ready(Entry& entry) {
  entry.state = Entry::State::ready;
  history_.append(
      {{"event", "process"}, {"state", "ready"}, {"host", entry.host}, {"process", entry.spec.name}});
}

asio::awaitable<void> ProcessTable::wait_for_end(std::shared_ptr<Entry> entry, ProcessTable* table) {
  asio::posix::stream_descriptor pidfd{table->executor_, sys::duplicate(entry->process.fd()).release()};
  co_await pidfd.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
  if (entry->process.waited()) co_return;  // removed with its host, which reaped it
  const sys::Exit exit = entry->process.wait();
  const bool removed = entry->state == Entry::State::removed;
  const bool fine = entry->spec.ready.when == Ready::When::exited && exit.status == 0;
  entry->state = fine ? Entry::State::ready : Entry::State::ended;
  table->history_.append({{"event", "process"},
                          {"state", "ended"},
                          {"host", entry->host},
                          {"process", entry->spec.name},
                          {"how", exit.str()},
                          {"again", !removed && !fine && entry->again == Restart::after_backoff}});
  if (removed) {
    table->entries_.erase({entry->host, entry->spec.name});
    co_return;
  }
  if (!fine && entry->again == Restart::after_backoff) co_await start_later(entry, table);
}

asio::awaitable<void> ProcessTable::start_later(std::shared_ptr<Entry> entry, ProcessTable* table) {
  if (steady_clock::now() - entry->since > settled) entry->backoff = 200ms;
  asio::steady_timer timer{table->executor_, entry->backoff};
  entry->backoff = std::min<std::chrono::milliseconds>(entry->backoff * 2, longest_backoff);
  co_await timer.async_wait(asio::use_awaitable);
  const auto now = table->entries_.find({entry->host, entry->spec.name});
  const bool still_ours = now != table->entries_.end() && now->second == entry;
  if (!still_ours || entry->state != Entry::State::ended || entry->again != Restart::after_backoff) co_return;
  try {
    table->spawn(entry->host, entry->spec);
  } catch (const std::exception& e) {
    table->history_.append({{"event", "process"},
                            {"state", "not-started"},
                            {"host", entry->host},
                            {"process", entry->spec.name},
                            {"why", e.what()}});
  }
}

void ProcessTable::signal(const std::string& host, const model::Process& spec, int number) {
  const auto found = entries_.find({host, spec.name});
  if (found == entries_.end()) return;
  if (number == spec.stop_signal) {
    if (!found->second->alive()) {
      entries_.erase(found);
      return;
    }
    found->second->state = Entry::State::removed;
  }
  found->second->process.signal(number);
}

void ProcessTable::removed(const std::string& host) {
  for (auto it = entries_.lower_bound({host, ""}); it != entries_.end() && it->first.first == host;) {
    auto& entry = *it->second;
    if (!entry.process.waited()) {
      entry.process.signal(SIGKILL);
      entry.process.wait();
    }
    entry.state = Entry::State::removed;
    it = entries_.erase(it);
  }
}

int ProcessTable::kill(const std::string& host, const std::string& name, int number,
                       std::optional<Restart> again) {
  int count = 0;
  for (auto& [key, entry] : entries_) {
    if (key.first != host || (!name.empty() && key.second != name) || !entry->alive()) continue;
    entry->again = again.value_or(entry->again);
    history_.append({{"event", "process"},
                     {"state", "signalled"},
                     {"host", host},
                     {"process", key.second},
                     {"signal", number}});
    entry->process.signal(number);
    entry->is_killed = entry->is_killed || number == SIGKILL;
    ++count;
  }
  return count;
}

int ProcessTable::start(const std::string& host, const std::string& name) {
  std::vector<model::Process> ended;
  int ending = 0;
  for (auto& [key, entry] : entries_) {
    if (key.first != host || (!name.empty() && key.second != name)) continue;
    if (!entry->alive()) {
      ended.push_back(entry->spec);
    } else if (entry->is_killed) {
      entry->again = Restart::after_backoff;
      ++ending;
    }
  }
  for (const auto& spec : ended) spawn(host, spec);
  return static_cast<int>(ended.size()) + ending;
}

bool ProcessTable::has(const std::string& host, const std::string& name) const {
  const auto at = entries_.lower_bound({host, name});
  return at != entries_.end() && at->first.first == host && (name.empty() || at->first.second == name);
}

bool ProcessTable::running(const std::string& host, const std::string& name) const {
  const auto found = entries_.find({host, name});
  return found != entries_.end() && !found->second->process.waited();
}

std::vector<std::string> ProcessTable::unready(const std::string& host) const {
  std::vector<std::string> names;
  for (const auto& [key, entry] : entries_)
    if (entry->state != Entry::State::ready && (host.empty() || key.first == host))
      names.push_back(key.first + "/" + key.second);
  return names;
}

std::vector<std::string> ProcessTable::names(const std::string& host) const {
  std::vector<std::string> names;
  for (const auto& [key, entry] : entries_)
    if (key.first == host) names.push_back(key.second);
  return names;
}

std::shared_ptr<ProcessTable::Listener> ProcessTable::listen(Listener listener) {
  auto handle = std::make_shared<Listener>(std::move(listener));
  listeners_.push_back(handle);
  return handle;
}

std::string ProcessTable::log_file(const std::string& host, const std::string& name) const {
  return logs_ + "/" + host + "." + name + ".log";
}

nlohmann::json ProcessTable::state() const {
  static constexpr const char* words[] = {"starting", "ready", "ended", "stopping"};
  auto all = nlohmann::json::array();
  for (const auto& [key, entry] : entries_)
    all.push_back({{"host", key.first},
                   {"process", key.second},
                   {"pid", entry->process.pid()},
                   {"state", words[static_cast<int>(entry->state)]},
                   {"restarts", entry->restarts}});
  return all;
}

}  // namespace lblab::run
