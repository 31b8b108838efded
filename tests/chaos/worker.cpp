#include "counting_flow.hpp"
#include "roles.hpp"

#include <troupe/interrupts.hpp>
#include <troupe/remote/serve.hpp>
#include <troupe/system.hpp>

#include <memory>
#include <string>
#include <utility>

namespace chaos {

int work(const worker_role_options& chosen) {
  troupe::interrupts asked;
  troupe::system system{{.threads = 2, .prepare = troupe::remote::network()}};
  troupe::remote::worker_options options;
  options.flows = {counting_flow(std::make_shared<journal>(chosen.journal))};
  options.capacity = chosen.capacity;
  options.join = troupe::remote::endpoint::from(chosen.join);
  options.name = chosen.name;
  options.notice = [](const std::string& line) {
    say(troupe::json{{"notice", line}}.dump());
  };
  serve(system, std::move(options), asked);
  return 0;
}

}  // namespace chaos
