#include "replay/worker_processes.hpp"

#include <stdexcept>

namespace troupe::replay {

struct worker_processes::state {};

worker_processes::worker_processes(std::size_t,
                                   const std::vector<std::string>&) {
  throw std::runtime_error{"this program was built without workers"};
}

worker_processes::~worker_processes() = default;

std::optional<observation> worker_processes::run(const recorded_case&) const {
  return std::nullopt;
}

void serve(const std::vector<recorded_case>&, const std::string&) {
  throw std::runtime_error{"this program was built without workers"};
}

}  // namespace troupe::replay
