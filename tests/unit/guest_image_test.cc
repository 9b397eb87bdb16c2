#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/guest/frame.hpp"
#include "lab/guest/machine.hpp"
#include "lab/guest/modules.hpp"
#include "lab/guest/protocol.hpp"
#include "lab/guest/root.hpp"
#include "lab/guest/vmlinux.hpp"

namespace lblab::guest {
namespace {

using namespace std::string_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(GuestModules, AreLoadedAfterWhatTheyNeed) {
  constexpr std::string_view modules_dep =
      R"(kernel/fs/9p/9p.ko: kernel/net/9p/9pnet.ko kernel/fs/fscache/fscache.ko
kernel/fs/fscache/fscache.ko: kernel/fs/netfs/netfs.ko
kernel/fs/netfs/netfs.ko:
kernel/net/9p/9pnet.ko:
kernel/net/9p/9pnet_virtio.ko: kernel/net/9p/9pnet.ko
kernel/sound/snd-pcm.ko:
)";
  constexpr std::string_view names[] = {"9pnet-virtio", "9p", "built_in_one"};
  EXPECT_THAT(load_order(modules_dep, names),
              ElementsAre("kernel/net/9p/9pnet.ko", "kernel/net/9p/9pnet_virtio.ko",
                          "kernel/fs/netfs/netfs.ko", "kernel/fs/fscache/fscache.ko", "kernel/fs/9p/9p.ko"));
}

TEST(GuestModules, LoseTheirSignature) {
  const auto mark = "~Module signature appended~\n"s;
  const auto description = "\0\0\2\0\0\0\0\0\0\0\1\2"s;  // the signature has 0x102 bytes
  const auto signed_module =
      "\x7f"
      "ELF code" +
      std::string(0x102, 's') + description + mark;
  EXPECT_EQ(without_signature(signed_module),
            "\x7f"
            "ELF code");
  EXPECT_EQ(without_signature("\x7f"
                              "ELF code"),
            "\x7f"
            "ELF code");
  const auto longer_than_itself = std::string(0x101, 's') + description + mark;
  EXPECT_EQ(without_signature(longer_than_itself), longer_than_itself);
  EXPECT_EQ(without_signature(mark), mark);
}

TEST(GuestKernel, WhatIsNoBzImageIsRefused) {
  EXPECT_THROW(extract_vmlinux(""), std::runtime_error);
  EXPECT_THROW(extract_vmlinux(std::string(100'000, '\0')), std::runtime_error);
  std::string image(100'000, '\0');
  image.replace(0x202, 6, "HdrS\x0f\x02");
  EXPECT_THROW(extract_vmlinux(image), std::runtime_error) << "nothing compressed in it";
  image.replace(0x248, 4, "\xff\xff\xff\x7f");
  EXPECT_THROW(extract_vmlinux(image), std::exception) << "its payload lies outside";
}

TEST(GuestMachine, CarriesPathsThroughQemusOptionsAndTheKernelsCommandLine) {
  MachineOptions options;
  options.image = {"linux-image-6.1.0-9-amd64", "6.1.0-9-amd64", "/cache, mine/vmlinux",
                   "/cache, mine/modules"};
  options.program = "/home/a b/lblab";
  options.memory_mib = 1500;
  options.shared = {{
      "shared0",
      "/home/a,b",
  }};
  const auto argv = qemu_command(options);
  EXPECT_THAT(argv, Contains(testing::EndsWith(R"( -- "/cache, mine/modules" "/home/a b/lblab")")));
  EXPECT_THAT(argv, Contains(StartsWith("local,id=shared0,path=/home/a,,b,")));
  EXPECT_THAT(argv, Contains(testing::AllOf(StartsWith("local,id=root,path=/,"), HasSubstr("readonly=on"))));
  EXPECT_THAT(argv, Contains("1500M"));
  EXPECT_THAT(argv, Contains(StartsWith("tcg,")));
  options.counts_instructions = true;
  options.cpus = 1;
  EXPECT_THAT(qemu_command(options), Contains(StartsWith("shift=0")));
  EXPECT_THAT(qemu_command(options), Contains(StartsWith("tcg,thread=single")));
  options.program = "/home/\"/lblab";
  EXPECT_THROW(qemu_command(options), std::runtime_error);
}

TEST(GuestProtocol, CarriesAnyBytes) {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  const Start start{{"printf", all},          {"A=" + all}, "/" + all, {"/tmp/x"},
                    {{"shared0", "/" + all}}, Size{3, 4},   true,      1'700'000'000'123'456'789};
  EXPECT_EQ(decode_to_guest(encode(ToGuest{.start = start})).start, start);
}

TEST(GuestProtocol, CarriesHowAJobEnded) {
  const auto killed = decode_to_host(encode(ToHost{.ended = sys::Exit{{}, 9}}));
  EXPECT_EQ(killed.ended->signal, 9);
  EXPECT_FALSE(killed.ended->status);
  EXPECT_EQ(decode_to_host(encode(ToHost{.ended = sys::Exit{3, {}}})).ended->status, 3);
}

TEST(GuestProtocol, RefusesWhatItCannotRead) {
  for (const auto* text : {"", "{", "[1]", R"({"start": {}})", R"({"signal": "TERM"})"})
    EXPECT_THROW(decode_to_guest(text), ProtocolError) << text;
}

TEST(GuestRoot, KnowsWhatTheGuestHasOfItsOwn) {
  EXPECT_TRUE(below_own_folder("/tmp"));
  EXPECT_TRUE(below_own_folder("/var/lib/x"));
  EXPECT_FALSE(below_own_folder("/var/libexec"));
  EXPECT_FALSE(below_own_folder("/home/tmp"));
}

}  // namespace
}  // namespace lblab::guest
