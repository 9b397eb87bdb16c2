#include <cstdio>
#include <exception>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/guest/missing.hpp"
#include "lab/run/state.hpp"

int main(int argc, char** argv) {
  using namespace lblab::cli;
  CLI::App app{
      "A lab for BGP/ECMP load balancers: clusters of network namespaces with the real programs in them",
      "lblab"};
  app.require_subcommand(1);
  app.get_formatter()->column_width(32);
  Run run;
  for (const auto add :
       {add_up, add_check, add_bench, add_down, add_list, add_inspect, add_exec, add_logs, add_events,
        add_scale, add_kill, add_start, add_link, add_plan, add_doctor, add_guest, add_supervise})
    add(app, run);
  try {
    app.parse(argc, argv);
    return run();
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? fine : bad_input;
  } catch (const Failure& e) {
    std::fprintf(stderr, "lblab: %s\n", e.what());
    return e.code;
  } catch (const lblab::guest::Lacking& e) {
    std::fprintf(stderr, "lblab: %s\n", e.what());
    return machine_lacks;
  } catch (const lblab::run::NoStateFolder& e) {
    std::fprintf(stderr, "lblab: %s\n", e.what());
    return machine_lacks;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "lblab: %s\n", e.what());
    return lab_fault;
  }
}
