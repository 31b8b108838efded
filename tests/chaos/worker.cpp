#include "counting_flow.hpp"
#include "roles.hpp"

#include <troupe/remote/worker.hpp>
#include <troupe/system.hpp>

#include <csignal>
#include <memory>
#include <string>

namespace chaos {

int work(const worker_role_options& chosen) {
  // Before there are other threads, so that it waits for this one.
  sigset_t drains;
  sigemptyset(&drains);
  sigaddset(&drains, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &drains, nullptr);

  troupe::system system{{.threads = 2, .prepare = troupe::remote::network()}};
  troupe::remote::worker_options options;
  options.flows = {counting_flow(std::make_shared<journal>(chosen.journal))};
  options.capacity = chosen.capacity;
  options.join = troupe::remote::endpoint::from(chosen.join);
  options.name = chosen.name;
  options.notice = [](const std::string& line) {
    say(troupe::json{{"notice", line}}.dump());
  };
  troupe::remote::worker worker{system, options};
  int received = 0;
  sigwait(&drains, &received);
  worker.drain();
  worker.wait();
  return 0;
}

}  // namespace chaos
