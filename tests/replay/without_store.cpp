#include "replay/durable_lives.hpp"

#include <stdexcept>

namespace troupe::replay {

durable_lives::durable_lives(std::filesystem::path) {
  throw std::runtime_error{"this program was built without a store"};
}

std::optional<observation> durable_lives::run(const recorded_case&,
                                              const std::shared_ptr<trace>&) {
  return std::nullopt;
}

}  // namespace troupe::replay
