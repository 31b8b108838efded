#include "summarize/cluster.hpp"

#include <troupe/remote/command_line.hpp>
#include <troupe/remote/listener.hpp>
#include <troupe/remote/serve.hpp>
#include <troupe/system.hpp>

#include <memory>
#include <utility>

namespace summarize {

namespace remote = troupe::remote;

void add_cluster_options(CLI::App& app, command_line& chosen) {
  chosen.cluster = std::make_shared<remote::cluster_arguments>();
  remote::add_cluster_options(app, *chosen.cluster);
  // The tokens of a piece are counted where the model is asked.
  if (auto* tokens = app.get_option_no_throw("--tpm")) {
    tokens->excludes(app.get_option("--listen"));
  }
}

bool listens(const command_line& chosen) {
  return chosen.cluster && chosen.cluster->listen;
}

bool is_worker(const command_line& chosen) {
  return chosen.cluster && chosen.cluster->join;
}

troupe::system_options system_options_of(const command_line& chosen) {
  troupe::system_options made;
  if (listens(chosen) || is_worker(chosen)) {
    made.prepare = remote::network(chosen.cluster->network());
  }
  return made;
}

std::shared_ptr<void> listen_for_workers(
    troupe::system& system, const command_line& chosen,
    std::function<void(const std::string&)> tell) {
  if (!listens(chosen)) return nullptr;
  remote::listener_options options;
  options.at = *chosen.cluster->listen;
  options.notice = tell;
  auto made = std::make_shared<remote::listener>(system, std::move(options));
  tell("listens for workers on " + made->at().text());
  return made;
}

void work_for_others(troupe::system& system, const troupe::flow& work,
                     const command_line& chosen,
                     troupe::interrupts& interrupted,
                     std::function<void(const std::string&)> tell) {
  remote::worker_options options;
  options.flows = {work};
  options.capacity = chosen.concurrency;
  options.join = chosen.cluster->join;
  options.notice = std::move(tell);
  serve(system, std::move(options), interrupted);
}

}  // namespace summarize
