#pragma once

#include <sys/mman.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "lab/sys/error.hpp"
#include "lab/sys/process.hpp"

namespace lblab::test {

/// What Debian's python3 makes of a document: an outside reader of XML and HTML. The script has the document
/// in `text` and prints JSON; it throws what python says when it cannot.
inline nlohmann::json python(const std::string& script, std::string_view document) {
  const auto scratch = [] {
    return sys::Fd{sys::check("make a file in memory", ::memfd_create("stream", MFD_CLOEXEC))};
  };
  const sys::Fd in = scratch(), out = scratch(), err = scratch();
  const auto path = [](const sys::Fd& fd) { return "/proc/self/fd/" + std::to_string(fd.get()); };
  sys::check("write a document", static_cast<int>(::pwrite(in.get(), document.data(), document.size(), 0)));
  sys::Command command;
  command.argv = {"/usr/bin/python3", "-c", "import sys, json\ntext = sys.stdin.buffer.read()\n" + script};
  command.environment = {std::string("PATH=") + sys::standard_path};
  command.in = in.get();
  command.out = out.get();
  command.err = err.get();
  const auto exit = sys::spawn(command).wait();
  if (exit.code() != 0) throw std::runtime_error(exit.str() + ": " + sys::read_file(path(err)));
  return nlohmann::json::parse(sys::read_file(path(out)));
}

}  // namespace lblab::test
