#include "troupe/node_options.hpp"

namespace troupe {

std::vector<std::string> mistakes_in(const node_options& options) {
  auto found = mistakes_in(options.retry);
  if (options.timeout && *options.timeout <= duration::zero()) {
    found.emplace_back("timeout must be more than zero");
  }
  if (options.concurrency && *options.concurrency == 0) {
    found.emplace_back("concurrency must be at least 1");
  }
  return found;
}

}  // namespace troupe
