#include "lbcore/ipvs/nft.hpp"

#include <nftables/libnftables.h>

#include <cerrno>
#include <memory>

#include "lab/sys/error.hpp"

namespace lbcore::ipvs::nft {

using lblab::sys::SystemError;

namespace {

struct Free {
  void operator()(nft_ctx* context) const { nft_ctx_free(context); }
};
using Context = std::unique_ptr<nft_ctx, Free>;

Context open(unsigned flags) {
  Context context{nft_ctx_new(NFT_CTX_DEFAULT)};
  if (!context) throw SystemError{"open nftables"};
  nft_ctx_buffer_output(context.get());
  nft_ctx_buffer_error(context.get());
  nft_ctx_output_set_flags(context.get(), flags);
  return context;
}

/// nft's first line says what is wrong; the others point into the text.
std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

std::string listed(unsigned flags, std::string_view family_and_name) {
  const Context context = open(flags);
  const std::string command = "list table " + std::string(family_and_name);
  if (nft_run_cmd_from_buffer(context.get(), command.c_str()) != 0) return "";
  return nft_ctx_get_output_buffer(context.get());
}

}  // namespace

std::string list(std::string_view family_and_name) {
  return listed(NFT_CTX_OUTPUT_STATELESS, family_and_name);
}

std::string list_json(std::string_view family_and_name) {
  return listed(NFT_CTX_OUTPUT_JSON, family_and_name);
}

void run(std::string_view attempt, const std::string& commands) {
  const Context context = open(NFT_CTX_OUTPUT_STATELESS);
  errno = 0;
  if (nft_run_cmd_from_buffer(context.get(), commands.c_str()) == 0) return;
  const int error = errno ? errno : EINVAL;
  throw SystemError{std::string(attempt) + " (" + first_line(nft_ctx_get_error_buffer(context.get())) + ")",
                    error};
}

}  // namespace lbcore::ipvs::nft
