#include <troupe/remote/serve.hpp>
#include <troupe/system.hpp>

#include <memory>
#include <mutex>
#include <utility>

namespace troupe::remote {

namespace {

/// The worker, for as long as there is one: the program may be asked to end
/// when it has left.
struct current_worker {
  std::mutex mutex;
  worker* serving = nullptr;
};

}  // namespace

void serve(system& where, worker_options options, interrupts& asked) {
  worker serving{where, std::move(options)};
  const auto current = std::make_shared<current_worker>();
  current->serving = &serving;
  asked.on_first([current] {
    const std::lock_guard lock{current->mutex};
    if (current->serving != nullptr) current->serving->drain();
  });
  serving.wait();
  const std::lock_guard lock{current->mutex};
  current->serving = nullptr;
}

}  // namespace troupe::remote
