#include <troupe/remote/serve.hpp>

#include <memory>
#include <mutex>
#include <utility>

namespace troupe::remote {

namespace {

/// The worker, for as long as there is one: the program may be asked to end
/// when it has left.
struct reachable {
  std::mutex mutex;
  worker* serving = nullptr;
};

}  // namespace

void serve(system& where, worker_options options, interrupts& asked) {
  worker serving{where, std::move(options)};
  const auto reach = std::make_shared<reachable>();
  reach->serving = &serving;
  asked.on_first([reach] {
    const std::lock_guard lock{reach->mutex};
    if (reach->serving != nullptr) reach->serving->drain();
  });
  serving.wait();
  const std::lock_guard lock{reach->mutex};
  reach->serving = nullptr;
}

}  // namespace troupe::remote
