#include "lab/guest/root.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "lab/sys/error.hpp"

namespace lblab::guest {

namespace fs = std::filesystem;

namespace {

void mount(const char* type, const std::string& where, const char* options = "", unsigned long flags = 0,
           const char* source = nullptr) {
  sys::check("mount " + std::string(type) + " on " + where,
             ::mount(source ? source : type, where.c_str(), type, flags, options));
}

void make_folder(const std::string& path, mode_t mode = 0755) {
  if (::mkdir(path.c_str(), mode) < 0 && errno != EEXIST) throw sys::SystemError{"make folder " + path};
}

void make_folders(const std::string& path) {
  for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
    make_folder(path.substr(0, slash));
  make_folder(path);
}

void link(const char* target, const char* path) {
  if (::symlink(target, path) < 0 && errno != EEXIST)
    throw sys::SystemError{std::string("make link ") + path};
}

void raise_loopback() {
  const sys::Fd socket{sys::check("open a socket", ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))};
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  sys::check("set lo up", ::ioctl(socket.get(), SIOCSIFFLAGS, &request));
}

struct Folder {
  std::string name;
  struct stat status;
};

std::vector<Folder> folders_in(const std::string& path) {
  std::vector<Folder> out;
  std::error_code unreadable;
  for (const auto& entry : fs::directory_iterator(path, unreadable)) {
    Folder folder{entry.path().filename(), {}};
    if (::lstat(entry.path().c_str(), &folder.status) == 0 && S_ISDIR(folder.status.st_mode))
      out.push_back(folder);
  }
  return out;
}

/// A mount of a folder, kept while another is mounted over the path that leads to it.
struct Kept {
  std::string path;
  sys::Fd tree;
};

std::vector<Kept> keep(std::vector<std::string> paths) {
  std::ranges::sort(paths);
  std::vector<Kept> out;
  for (const auto& path : paths) {
    if (!below_own_folder(path) || std::ranges::find(own_folders, path) != std::end(own_folders)) continue;
    if (!out.empty() && (path + "/").starts_with(out.back().path + "/")) continue;
    const int tree = ::open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    out.push_back({path, sys::Fd{sys::check("find folder " + path, tree)}});
  }
  return out;
}

}  // namespace

bool below_own_folder(const std::string& path) {
  return std::ranges::any_of(
      own_folders, [&](const std::string own) { return path == own || path.starts_with(own + "/"); });
}

void mount_kernel_folders() {
  ::umask(0);
  mount("proc", "/proc");
  mount("sysfs", "/sys");
  mount("cgroup2", "/sys/fs/cgroup");
  mount("bpf", "/sys/fs/bpf");
  mount("devtmpfs", "/dev");
  make_folder("/dev/pts");
  mount("devpts", "/dev/pts", "ptmxmode=666,mode=620,gid=5");
  make_folder("/dev/shm", 01777);
  mount("tmpfs", "/dev/shm", "mode=1777");
  link("/proc/self/fd", "/dev/fd");
  link("fd/0", "/dev/stdin");
  link("fd/1", "/dev/stdout");
  link("fd/2", "/dev/stderr");
  // Opening it loads the module; the kernel alone makes the node only once the module is there.
  make_folder("/dev/net");
  if (::mknod("/dev/net/tun", S_IFCHR | 0666, makedev(10, 200)) < 0 && errno != EEXIST)
    throw sys::SystemError{"make /dev/net/tun"};
  raise_loopback();
  sys::check("name the guest", ::sethostname("guest", 5));
  const rlimit files{1024, 1048576};
  sys::check("raise the limit of open files", ::setrlimit(RLIMIT_NOFILE, &files));
  ::umask(022);
}

void mount_folders(const Start& start) {
  const auto kept = keep(start.visible);
  for (const std::string own : own_folders) {
    const bool shared = own == "/tmp" || own == "/var/tmp";
    const bool populated = own.starts_with("/var/l");
    const auto inside = populated ? folders_in(own) : std::vector<Folder>{};
    mount("tmpfs", own, shared ? "mode=1777" : "mode=755");
    for (const auto& folder : inside) {
      const auto path = own + "/" + folder.name;
      make_folder(path);
      sys::check("give away " + path, ::chown(path.c_str(), folder.status.st_uid, folder.status.st_gid));
      sys::check("set the mode of " + path, ::chmod(path.c_str(), folder.status.st_mode & 07777));
    }
  }
  make_folder("/run/lock", 01777);
  for (const auto& folder : kept) {
    make_folders(folder.path);
    sys::check("show folder " + folder.path,
               ::move_mount(folder.tree.get(), "", AT_FDCWD, folder.path.c_str(), MOVE_MOUNT_F_EMPTY_PATH));
  }
  for (const auto& folder : start.shared) {
    if (below_own_folder(folder.path)) make_folders(folder.path);
    mount("9p", folder.path, "trans=virtio,version=9p2000.L,msize=512000,cache=none", 0, folder.tag.c_str());
  }
}

}  // namespace lblab::guest
