#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <iostream>

#include "lbcore/announce/helper.hpp"

namespace {

int run(const std::string& socket, std::chrono::milliseconds limit) {
  boost::asio::io_context io(1);
  lbcore::announce::HelperSettings settings{socket, limit, lblab::sys::Fd(0), lblab::sys::Fd(1)};
  boost::asio::co_spawn(io, lbcore::announce::run_helper(std::move(settings)),
                        [&](std::exception_ptr failure) {
                          if (failure) std::rethrow_exception(failure);
                          io.stop();
                        });
  io.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Announces lbd's routes through exabgp, which runs this as an API process: its stdin and stdout are "
      "exabgp's.");
  std::string socket;
  std::uint64_t limit_ms = 10'000;
  app.add_option("--socket", socket, "lbd's announce.socket")->required();
  app.add_option("--limit", limit_ms, "withdraw everything when lbd has been gone for longer (10s)")
      ->transform(
          CLI::AsNumberWithUnit(std::map<std::string, std::uint64_t>{{"ms", 1}, {"s", 1'000}, {"m", 60'000}},
                                CLI::AsNumberWithUnit::UNIT_REQUIRED, "DURATION"));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  try {
    return run(socket, std::chrono::milliseconds(limit_ms));
  } catch (const std::exception& e) {
    std::cerr << "lbd-announce: " << e.what() << "\n";
    return 1;
  }
}
