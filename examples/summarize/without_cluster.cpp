#include "summarize/cluster.hpp"

namespace summarize {

void add_cluster_options(CLI::App&, command_line&) {}

bool listens(const command_line&) { return false; }

bool is_worker(const command_line&) { return false; }

troupe::system_options system_options_of(const command_line&) { return {}; }

std::shared_ptr<void> listen_for_workers(
    troupe::system&, const command_line&,
    std::function<void(const std::string&)>) {
  return nullptr;
}

void work_for_others(troupe::system&, const troupe::flow&, const command_line&,
                     troupe::interrupts&,
                     std::function<void(const std::string&)>) {}

}  // namespace summarize
