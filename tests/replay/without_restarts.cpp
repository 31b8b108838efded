#include "replay/restarts.hpp"

#include <stdexcept>

namespace troupe::replay {

struct restarts::parts {};

restarts::restarts(const std::string&) {
  throw std::runtime_error{"--store: this build has no stores"};
}

restarts::~restarts() = default;

std::optional<observation> restarts::run(const recorded_case&,
                                         const std::shared_ptr<trace>&) {
  return std::nullopt;
}

}  // namespace troupe::replay
