#pragma once

#include <memory>
#include <string>

#include "lab/sys/fd.hpp"
#include "lab/sys/netns.hpp"

struct balancer_bpf;

namespace lbcore::xdp {

struct Interface {
  int index = 0;
  std::string name;
};

/// balancer.bpf.c in the kernel, attached to an interface of the network namespace in which this was made.
class Object {
 public:
  /// Takes the place of a program of ours that is there already, with its maps if they are laid out alike, so
  /// that no packet misses both. Another program there is an error (EBUSY).
  Object(const Interface&, std::uint32_t modulus);
  /// Detaches, unless left.
  ~Object();
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  void leave() { left_ = true; }
  /// Whether the maps hold what an earlier one wrote.
  bool adopted() const { return adopted_; }
  int program() const;
  const balancer_bpf& maps() const { return *object_; }

 private:
  struct Destroy {
    void operator()(balancer_bpf*) const;
  };
  void load(std::uint32_t modulus, const lblab::sys::Fd& before);
  void attach(const lblab::sys::Fd& before);

  lblab::sys::Netns home_ = lblab::sys::Netns::current();
  Interface interface_;
  std::unique_ptr<balancer_bpf, Destroy> object_;
  bool adopted_ = false, left_ = false;
};

}  // namespace lbcore::xdp
