#include "lab/apply/nftables.hpp"

#include <nftables/libnftables.h>

#include <memory>
#include <new>

#include "lab/sys/error.hpp"

namespace lblab::apply {

void replace_nftables(const sys::Netns& netns, const std::string& ruleset) {
  using Context = std::unique_ptr<nft_ctx, decltype(&nft_ctx_free)>;
  // The library opens its socket when the context is made, and asks for link names when it needs them.
  netns.within([&] {
    const Context context{nft_ctx_new(NFT_CTX_DEFAULT), nft_ctx_free};
    if (!context) throw std::bad_alloc();
    nft_ctx_buffer_error(context.get());
    nft_ctx_buffer_output(context.get());
    const std::string batch = "flush ruleset\n" + ruleset;
    if (nft_run_cmd_from_buffer(context.get(), batch.c_str()) != 0)
      throw sys::SystemError{nft_ctx_get_error_buffer(context.get()), EINVAL};
  });
}

}  // namespace lblab::apply
