#include "lab/guest/image.hpp"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "lab/guest/cpio.hpp"
#include "lab/guest/init.hpp"
#include "lab/guest/modules.hpp"
#include "lab/guest/tool.hpp"
#include "lab/guest/vmlinux.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/process.hpp"

namespace lblab::guest {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view package_prefix = "linux-image-6.1.0-", package_suffix = "-amd64";
constexpr const char* system_cache = "/var/cache/lblab";

/// The N of linux-image-6.1.0-N-amd64; nullopt for any other name, such as that of a cloud or rt kernel.
std::optional<int> build_number(std::string_view package) {
  if (!package.starts_with(package_prefix) || !package.ends_with(package_suffix)) return std::nullopt;
  package.remove_prefix(package_prefix.size());
  package.remove_suffix(std::min(package.size(), package_suffix.size()));
  int number = 0;
  const auto [end, error] = std::from_chars(package.data(), package.data() + package.size(), number);
  if (error != std::errc{} || end != package.data() + package.size()) return std::nullopt;
  return number;
}

template <class Names>
std::optional<std::string> newest(const Names& names) {
  std::optional<std::string> best;
  for (const std::string& name : names)
    if (build_number(name) && (!best || *build_number(name) > *build_number(*best))) best = name;
  return best;
}

std::optional<Image> image_in(const fs::path& cache) {
  std::vector<std::string> names;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(cache, absent)) names.push_back(entry.path().filename());
  const auto package = newest(names);
  if (!package || ::access((cache / *package / "vmlinux").c_str(), R_OK) != 0) return std::nullopt;
  return Image{*package, package->substr(std::strlen("linux-image-")), cache / *package / "vmlinux",
               cache / *package / "modules/lib/modules"};
}

std::string newest_package() {
  std::istringstream lines(output_of({"apt-cache", "pkgnames", std::string(package_prefix)}));
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) names.push_back(line);
  const auto package = newest(names);
  if (!package)
    throw Lacking(
        Missing{"guest kernel", "apt knows no linux-image-6.1.0-*-amd64; run: sudo apt-get update"});
  return *package;
}

/// Holds the cache's lock; the kernel gives it back when the process ends.
sys::Fd lock(const fs::path& cache, const Progress& progress) {
  auto file = sys::open(cache / "lock", O_RDWR | O_CREAT, 0644);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  progress("another lblab prepares the guest kernel: waiting for it");
  sys::check("lock " + (cache / "lock").string(), ::flock(file.get(), LOCK_EX));
  return file;
}

void remove_unfinished(const fs::path& cache) {
  std::vector<fs::path> doomed;
  for (const auto& entry : fs::directory_iterator(cache))
    if (entry.path().filename().string().starts_with("unfinished-")) doomed.push_back(entry.path());
  for (const auto& path : doomed) fs::remove_all(path);
}

fs::path download(const std::string& package, const fs::path& folder) {
  std::vector<std::string> argv{"apt-get", "download", package};
  // apt would have its own user fetch the file, and complains where that user may not write.
  if (::geteuid() == 0) argv.insert(argv.begin() + 1, {"-o", "APT::Sandbox::User=root"});
  try {
    run_tool(argv, folder);
  } catch (const std::runtime_error& error) {
    throw Lacking(Missing{"guest kernel",
                          std::string(error.what()) + "; if its lists are old, run: sudo apt-get update"});
  }
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".deb") return entry.path();
  throw std::runtime_error("apt-get download " + package + " left no .deb file");
}

void unpack(const fs::path& deb, const std::string& release, const fs::path& folder) {
  const auto all = folder / "all";
  run_tool({"dpkg-deb", "-x", deb, all});
  fs::remove(deb);
  sys::write_file(folder / "vmlinux", extract_vmlinux(sys::read_file(all / "boot" / ("vmlinuz-" + release))));
  const auto modules = fs::exists(all / "usr/lib/modules") ? all / "usr/lib/modules" : all / "lib/modules";
  prune_modules(modules / release);
  strip_signatures(modules / release);
  fs::create_directories(folder / "modules/lib");
  fs::rename(modules, folder / "modules/lib/modules");
  fs::remove_all(all);
  run_tool({"busybox", "depmod", "-b", folder / "modules", release});
}

Image make_image(const fs::path& cache, const Progress& progress) {
  const auto package = newest_package();
  const auto release = package.substr(std::strlen("linux-image-"));
  std::string folder = cache / "unfinished-XXXXXX";
  if (!::mkdtemp(folder.data())) throw sys::SystemError{"make a folder in " + cache.string()};
  fs::permissions(folder, fs::perms(0755));
  progress("downloading " + package + " (70 MB, once)");
  const auto deb = download(package, folder);
  progress("unpacking it into " + cache.string());
  unpack(deb, release, folder);
  fs::rename(folder, cache / package);
  return *image_in(cache);
}

bool is_static(const std::string& program) {
  const auto bytes = sys::read_file(program);
  Elf64_Ehdr header;
  if (bytes.size() < sizeof header) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    const auto at = header.e_phoff + i * sizeof segment;
    if (at + sizeof segment > bytes.size()) return false;
    std::memcpy(&segment, bytes.data() + at, sizeof segment);
    if (segment.p_type == PT_INTERP) return false;
  }
  return true;
}

std::string busybox() {
  const auto path = sys::find_program("busybox", program_path());
  return !path.empty() && is_static(path) ? path : "";
}

void refuse_other_machines() {
  utsname name;
  ::uname(&name);
  if (std::string_view(name.machine) != "x86_64")
    throw Lacking(
        Missing{"guest kernel", std::string("the guest is made for x86_64, this is ") + name.machine});
}

}  // namespace

std::string cache_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  if (const auto folder = variable("LBLAB_CACHE"); !folder.empty()) return fs::absolute(folder);
  if (::geteuid() == 0) return system_cache;
  if (const auto folder = variable("XDG_CACHE_HOME"); !folder.empty()) return folder + "/lblab";
  if (const auto home = variable("HOME"); !home.empty()) return home + "/.cache/lblab";
  return "";
}

std::optional<Image> cached_image() {
  if (const auto own = cache_folder(); !own.empty())
    if (auto image = image_in(own)) return image;
  if (std::getenv("LBLAB_CACHE")) return std::nullopt;
  return image_in(system_cache);
}

Image prepare_image(const Progress& progress) {
  if (auto image = cached_image()) return *image;
  refuse_other_machines();
  const fs::path cache = cache_folder();
  if (cache.empty()) throw Lacking(Missing{"cache folder", "set HOME or LBLAB_CACHE"});
  std::error_code error;
  fs::create_directories(cache, error);
  if (error || ::access(cache.c_str(), W_OK) != 0)
    throw Lacking(
        Missing{"cache folder", cache.string() + " cannot be written; set LBLAB_CACHE to one that can"});
  const auto locked = lock(cache, progress);
  if (auto image = image_in(cache)) return *image;
  remove_unfinished(cache);
  return make_image(cache, progress);
}

std::string build_initrd(const Image& image) {
  static constexpr std::string_view needed[] = {"virtio_pci", "virtio_console", "9pnet_virtio", "9p"};
  const auto tree = image.modules + "/" + image.release + "/";
  Cpio archive;
  for (const auto* folder : {"bin", "dev", "host", "lib", "lib/modules", "modules", "proc", "sbin"})
    archive.folder(folder);
  archive.character_device("dev/console", 5, 1);
  archive.file("bin/busybox", sys::read_file(busybox()), true);
  archive.link("sbin/modprobe", "/bin/busybox");
  archive.file("init", init_script, true);
  int number = 10;  // two digits, so that the shell's * keeps the order
  for (const auto& file : load_order(sys::read_file(tree + "modules.dep"), needed))
    archive.file("modules/" + std::to_string(number++) + ".ko", sys::read_file(tree + file));
  return archive.finish();
}

std::vector<Missing> missing_programs() {
  std::vector<Missing> out;
  const auto need = [&](const char* name, const char* package) {
    if (sys::find_program(name, program_path()).empty())
      out.push_back({std::string("program:") + name, std::string("Debian package ") + package});
  };
  need("qemu-system-x86_64", "qemu-system-x86");
  if (busybox().empty()) out.push_back({"program:busybox", "Debian package busybox-static"});
  if (cached_image()) return out;
  for (const auto* name : {"apt-get", "apt-cache"}) need(name, "apt");
  need("dpkg-deb", "dpkg");
  return out;
}

}  // namespace lblab::guest
