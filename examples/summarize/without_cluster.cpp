#include "summarize/cluster.hpp"

namespace summarize {

troupe::system_options system_options_of(const command_line& chosen) {
  if (!chosen.listen && !chosen.join) return {};
  throw troupe::error{troupe::errc::bad_flow,
                      "this program was built without workers, which need "
                      "OpenSSL and the network modules of CAF"};
}

std::shared_ptr<void> listen_for_workers(
    troupe::system&, const command_line&,
    std::function<void(const std::string&)>) {
  return nullptr;
}

void work_for_others(troupe::system&, const troupe::flow&, const command_line&,
                     interrupts&, std::function<void(const std::string&)>) {}

}  // namespace summarize
