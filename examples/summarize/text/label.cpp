#include "summarize/cluster.hpp"

namespace summarize {

std::string label_of(const command_line& chosen) {
  if (!listens(chosen) && !is_worker(chosen)) return {};
  const auto length = "sentences=" + std::to_string(chosen.sentences);
  return chosen.model ? "model=" + *chosen.model + " " + length : length;
}

}  // namespace summarize
