#pragma once

namespace lblab::guest {

/// The guest's end: opens the port to the host, builds the file tree, runs the one job that the host names,
/// relays its streams and signals and the forwarded connections, reports how it ended. /init starts it; it
/// returns once the host hangs up.
void run_agent();

}  // namespace lblab::guest
