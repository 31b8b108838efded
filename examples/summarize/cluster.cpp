#include "summarize/cluster.hpp"

#include <troupe/remote/listener.hpp>
#include <troupe/remote/worker.hpp>

#include <memory>
#include <mutex>
#include <utility>

namespace summarize {

namespace remote = troupe::remote;

namespace {

/// The worker, for as long as there is one.
struct reachable {
  std::mutex mutex;
  remote::worker* serving = nullptr;
};

}  // namespace

troupe::system_options system_options_of(const command_line& chosen) {
  troupe::system_options made;
  if (!chosen.listen && !chosen.join) return made;
  remote::network_options network;
  if (!chosen.certificate.empty()) {
    network.tls = remote::tls_options{.certificate = chosen.certificate,
                                      .key = chosen.key,
                                      .authorities = chosen.authorities,
                                      .peers = chosen.peers};
  }
  made.prepare = remote::network(std::move(network));
  return made;
}

std::shared_ptr<void> listen_for_workers(
    troupe::system& system, const command_line& chosen,
    std::function<void(const std::string&)> tell) {
  if (!chosen.listen) return nullptr;
  remote::listener_options options;
  options.at = remote::endpoint::from(*chosen.listen);
  options.notice = tell;
  auto made = std::make_shared<remote::listener>(system, std::move(options));
  tell("listens for workers on " + made->at().text());
  return made;
}

void work_for_others(troupe::system& system, const troupe::flow& work,
                     const command_line& chosen, interrupts& interrupted,
                     std::function<void(const std::string&)> tell) {
  remote::worker_options options;
  options.flows = {work};
  options.capacity = chosen.concurrency;
  options.join = remote::endpoint::from(*chosen.join);
  options.notice = std::move(tell);
  remote::worker serving{system, std::move(options)};
  // A signal may still come when the worker has left.
  const auto reach = std::make_shared<reachable>();
  reach->serving = &serving;
  interrupted.on_first([reach] {
    const std::lock_guard lock{reach->mutex};
    if (reach->serving != nullptr) reach->serving->drain();
  });
  serving.wait();
  const std::lock_guard lock{reach->mutex};
  reach->serving = nullptr;
}

}  // namespace summarize
