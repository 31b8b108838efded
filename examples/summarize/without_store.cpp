#include "summarize/kept_job.hpp"

namespace summarize {

void add_store_options(CLI::App&, command_line&) {}

std::optional<kept_job> kept_job_for(const command_line&, listing&) {
  return std::nullopt;
}

troupe::run start(troupe::system& system, const troupe::flow& work,
                  const kept_job& job, troupe::run_options options) {
  return system.start(work, job.input, std::move(options));
}

std::size_t files_done(const kept_job&, const std::string&) { return 0; }

}  // namespace summarize
