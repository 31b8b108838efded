#include "remote/remote_worker.hpp"

#include "raw/keep_freed_memory.hpp"
#include "raw/raw_remote.hpp"
#include "remote/remote_flows.hpp"
#include "remote/throwaway_certificates.hpp"

#include <troupe/remote/worker.hpp>
#include <troupe/system.hpp>

#include <array>
#include <cstdio>
#include <iostream>
#include <unistd.h>

namespace troupe::bench {

namespace {

void wait_for_end_of_input() {
  std::array<char, 64> ignored{};
  while (read(STDIN_FILENO, ignored.data(), ignored.size()) > 0) {
  }
}

}  // namespace

remote::network_options bench_network(const std::string& certificates) {
  remote::network_options made;
  if (!certificates.empty()) {
    made.tls = throwaway_certificates::tls_from(certificates);
  }
  return made;
}

void serve_as_remote_worker(const remote_worker_options& how) {
  keep_freed_memory();
  const auto network = bench_network(how.certificates);
  if (how.join == 0) {
    const raw_echo echo{how.threads, network};
    std::cout << echo.port() << std::endl;
    wait_for_end_of_input();
    return;
  }
  system on{{.threads = how.threads, .prepare = remote::network(network)}};
  remote::worker_options options;
  options.flows = {echo_flow(nullptr),
                   numbers_flow(0, concurrent(2), sub_flows_at::workers)};
  options.capacity = how.capacity;
  options.join = remote::endpoint{.port = how.join};
  const remote::worker serving{on, std::move(options)};
  wait_for_end_of_input();
}

}  // namespace troupe::bench
