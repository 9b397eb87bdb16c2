#include "lbcore/xdp/object.hpp"

#include <balancer_bpf.skel.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>

#include <array>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "lab/sys/error.hpp"
#include "lbcore/xdp/layout.h"
#include "lbcore/xdp/maps.hpp"

namespace lbcore::xdp {
namespace {

using lblab::sys::check;
using lblab::sys::Fd;
using lblab::sys::SystemError;

constexpr std::string_view our_name = "xdp_balancer";

std::uint32_t attached_program(const Interface& interface) {
  std::uint32_t id = 0;
  check("ask for the XDP program of " + interface.name, bpf_xdp_query_id(interface.index, 0, &id));
  return id;
}

bpf_prog_info about(const Fd& program, std::span<std::uint32_t> map_ids = {}) {
  bpf_prog_info info{};
  info.nr_map_ids = static_cast<std::uint32_t>(map_ids.size());
  info.map_ids = reinterpret_cast<std::uintptr_t>(map_ids.data());
  std::uint32_t size = sizeof info;
  check("read about an XDP program", bpf_obj_get_info_by_fd(program.get(), &info, &size));
  return info;
}

/// The one of ours that is attached; empty: none. Throws if there is another.
Fd our_program(const Interface& interface) {
  const auto id = attached_program(interface);
  if (id == 0) return {};
  Fd program{check("open the XDP program of " + interface.name, bpf_prog_get_fd_by_id(id))};
  if (const auto info = about(program); std::string_view(info.name) != our_name)
    throw SystemError{fmt::format("attach to {}, which has the XDP program '{}'", interface.name,
                                  std::string_view(info.name)),
                      EBUSY};
  return program;
}

bpf_map_info about_map(const Fd& map) {
  bpf_map_info info{};
  std::uint32_t size = sizeof info;
  check("read about a BPF map", bpf_obj_get_info_by_fd(map.get(), &info, &size));
  return info;
}

/// By name, which the kernel cuts at 15 bytes.
std::map<std::string, Fd> maps_of(const Fd& program) {
  std::array<std::uint32_t, 64> ids{};
  const auto count = about(program, ids).nr_map_ids;
  std::map<std::string, Fd> maps;
  for (std::uint32_t i = 0; i < count && i < ids.size(); ++i) {
    Fd map{check("open a BPF map", bpf_map_get_fd_by_id(ids[i]))};
    auto name = std::string(about_map(map).name);
    maps.emplace(std::move(name), std::move(map));
  }
  return maps;
}

bool alike(const bpf_map* wanted, const Fd& present) {
  const auto info = about_map(present);
  return info.type == bpf_map__type(wanted) && info.key_size == bpf_map__key_size(wanted) &&
         info.value_size == bpf_map__value_size(wanted) && info.max_entries == bpf_map__max_entries(wanted) &&
         info.map_flags == bpf_map__map_flags(wanted);
}

/// What the old program knows, if this one would read it the same way.
bool same_layout(const std::map<std::string, Fd>& old, std::uint32_t modulus) {
  const auto settings = old.find("settings"), constants = old.find("balancer.rodata");
  if (settings == old.end() || constants == old.end()) return false;
  if (about_map(settings->second).value_size != sizeof(xdp_settings)) return false;
  if (about_map(constants->second).value_size != sizeof modulus) return false;
  const std::uint32_t only = 0;
  const auto written = get<xdp_settings>("read the settings", settings->second.get(), only);
  const auto had = get<std::uint32_t>("read the modulus", constants->second.get(), only);
  return written && written->layout == XDP_LAYOUT && had == modulus;
}

/// All of them or none.
bool reuse(bpf_object* object, const std::map<std::string, Fd>& old, std::uint32_t modulus) {
  if (!same_layout(old, modulus)) return false;
  std::vector<std::pair<bpf_map*, int>> pairs;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (bpf_map__is_internal(map)) continue;
    const auto found = old.find(std::string(bpf_map__name(map)).substr(0, BPF_OBJ_NAME_LEN - 1));
    if (found == old.end() || !alike(map, found->second)) return false;
    pairs.emplace_back(map, found->second.get());
  }
  for (const auto& [wanted, present] : pairs)
    check(fmt::format("take over the map {}", bpf_map__name(wanted)), bpf_map__reuse_fd(wanted, present));
  return true;
}

std::string last_line(std::string_view log) {
  while (!log.empty() && (log.back() == '\n' || log.back() == '\0')) log.remove_suffix(1);
  // The very last is a statistic; what the verifier refused is the line before.
  if (const auto end = log.rfind('\n'); end != log.npos) log = log.substr(0, end);
  const auto begin = log.rfind('\n');
  return std::string(begin == log.npos ? log : log.substr(begin + 1));
}

}  // namespace

void Object::Destroy::operator()(balancer_bpf* object) const { balancer_bpf__destroy(object); }

Object::Object(const Interface& interface, std::uint32_t modulus) : interface_(interface) {
  const Fd before = our_program(interface_);
  load(modulus, before);
  attach(before);
}

Object::~Object() {
  if (left_) return;
  home_.within([&] {
    bpf_xdp_attach_opts only_ours{};
    only_ours.sz = sizeof only_ours;
    only_ours.old_prog_fd = program();
    bpf_xdp_detach(interface_.index, XDP_FLAGS_REPLACE, &only_ours);  // the link may be gone
  });
}

int Object::program() const { return bpf_program__fd(object_->progs.xdp_balancer); }

void Object::load(std::uint32_t modulus, const Fd& before) {
  libbpf_set_print(nullptr);  // it would write to standard error what we throw
  std::vector<char> log(1 << 16);
  bpf_object_open_opts options{};
  options.sz = sizeof options;
  options.kernel_log_buf = log.data();
  options.kernel_log_size = log.size();
  object_.reset(balancer_bpf__open_opts(&options));
  if (!object_) throw SystemError{"read the XDP program"};
  object_->rodata->modulus = modulus;
  check("size the Maglev tables",
        bpf_map__set_value_size(bpf_map__inner_map(object_->maps.tables), modulus * 4));
  if (before) adopted_ = reuse(object_->obj, maps_of(before), modulus);
  if (const int rc = balancer_bpf__load(object_.get()); rc < 0) {
    const auto said = last_line({log.data(), ::strnlen(log.data(), log.size())});
    throw SystemError{said.empty() ? "load the XDP program" : "load the XDP program (" + said + ")", -rc};
  }
}

void Object::attach(const Fd& before) {
  bpf_xdp_attach_opts options{};
  options.sz = sizeof options;
  if (before) options.old_prog_fd = before.get();
  const std::uint32_t flags = before ? XDP_FLAGS_REPLACE : XDP_FLAGS_UPDATE_IF_NOEXIST;
  check("attach the XDP program to " + interface_.name,
        bpf_xdp_attach(interface_.index, program(), flags, &options));
}

}  // namespace lbcore::xdp
