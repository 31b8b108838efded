#include "core/run_core.hpp"
#include "core/system_core.hpp"
#include "durable/durable_runs.hpp"
#include "old_caf/worker_scheduler.hpp"
#include "run/start_run.hpp"
#include "threads/start_thread.hpp"

#include <troupe/protocol.hpp>
#include <troupe/store/run_store.hpp>
#include <troupe/system.hpp>

#include <algorithm>
#include <future>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace troupe {

namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw error{errc::bad_flow, what};
}

void check(const system_options& options) {
  if (options.threads && (*options.threads < 1 || *options.threads > 1024)) {
    refuse("system_options.threads must be from 1 to 1024");
  }
  if (options.blocking_threads_max < 1 || options.blocking_threads_max > 4096) {
    refuse("system_options.blocking_threads_max must be from 1 to 4096");
  }
  if (options.blocking_queue_max < 1) {
    refuse("system_options.blocking_queue_max must be at least 1");
  }
  if (options.recoveries_max < 1) {
    refuse("system_options.recoveries_max must be at least 1");
  }
  if (options.shutdown_wait_max &&
      *options.shutdown_wait_max < duration::zero()) {
    refuse("system_options.shutdown_wait_max must not be less than zero");
  }
  if (options.watchdog <= duration::zero()) {
    refuse("system_options.watchdog must be more than zero");
  }
}

void check(const run_options& options) {
  if (options.id.size() > 200 ||
      options.id.find_first_of("/#") != std::string::npos) {
    refuse("run_options.id must have at most 200 bytes and no '/' or '#'");
  }
  if (!options.params.is_object()) {
    refuse("run_options.params must be an object, got " +
           std::string{options.params.type_name()});
  }
  if (options.steps_max < 1) {
    refuse("run_options.steps_max must be at least 1");
  }
  if (options.deadline && *options.deadline <= duration::zero()) {
    refuse("run_options.deadline must be more than zero");
  }
  if (options.events_max < 1) {
    refuse("run_options.events_max must be at least 1");
  }
  if (options.event_bytes_max < 1) {
    refuse("run_options.event_bytes_max must be at least 1");
  }
}

void require_store(const system_options& options) {
  if (options.store) return;
  refuse("the system has no store: set system_options::store");
}

std::size_t threads_of(const system_options& options) {
  return options.threads.value_or(
      std::max(std::thread::hardware_concurrency(), 1u));
}

// CAF's network module ends the process where the second of its threads cannot
// be started, so it is tried beforehand whether there are as many.
void try_threads(std::size_t count) {
  std::promise<void> end;
  const auto until = end.get_future().share();
  std::vector<std::thread> started(count);
  const auto end_all = [&] {
    end.set_value();
    for (auto& each : started) {
      if (each.joinable()) each.join();
    }
  };
  try {
    for (auto& each : started) {
      each =
          detail::start_thread("the actor system", [until] { until.wait(); });
    }
  } catch (...) {
    end_all();
    throw;
  }
  end_all();
}

}  // namespace

/// The actor system of a `system` that was not given one.
struct system::owned {
  struct config : caf::actor_system_config {
    explicit config(const system_options& options) {
      system::load(*this);
      detail::set_scheduler(*this, threads_of(options), messages_per_turn);
      if (options.prepare) options.prepare(*this);
    }
  };
  static constexpr std::size_t messages_per_turn = 256;

  explicit owned(const system_options& options)
      : settings(options), actors(settings) {}

  config settings;
  caf::actor_system actors;
};

void system::load(caf::actor_system_config& config) {
  detail::add_types<caf::id_block::troupe>();
  detail::load_scheduler(config);
}

std::unique_ptr<system::owned> system::own(const system_options& options) {
  check(options);
  // The clock, the printer, two for the network, timers, and some of reserve.
  if (options.prepare) try_threads(threads_of(options) + 8);
  try {
    return std::make_unique<owned>(options);
  } catch (const std::system_error&) {
    // CAF's modules start threads as well.
    detail::throw_no_thread("the actor system");
  }
}

system::system(system_options options) {
  owned_ = own(options);
  core_ = std::make_unique<detail::system_core>(
      owned_->actors, std::move(options), detail::drive::by_threads);
  serve_store();
}

system::system(caf::actor_system& host, system_options options) {
  check(options);
  core_ = std::make_unique<detail::system_core>(host, std::move(options),
                                                detail::drive::by_threads);
  if (!detail::has_scheduler(host)) {
    core_->log()->add(
        "troupe: warning: the actor system was made without "
        "troupe::system::load, so it is slower with many actors; call that on "
        "its configuration first",
        core_->timers()->now());
  }
  serve_store();
}

system::system(by_hand_t, system_options options) {
  owned_ = own(options);
  core_ = std::make_unique<detail::system_core>(
      owned_->actors, std::move(options), detail::drive::by_hand);
}

// The process owns the store, so others ask it for what changes runs.
void system::serve_store() {
  const auto& store = core_->options().store;
  if (!store) return;
  store->on_request([runs = core_->part<detail::durable_runs>(),
                     core = core_.get()](const json& request) {
    return runs->on_request(*core, request);
  });
}

system::~system() {
  if (!core_ || !core_->options().store) return;
  core_->options().store->on_request(nullptr);
  core_->part<detail::durable_runs>()->park();
}

run system::start(const flow& work, state initial, run_options options) {
  check(options);
  if (core_->options().store && options.durability != durability::off) {
    return run{core_->part<detail::durable_runs>()->start(
        *core_, work, std::move(initial), std::move(options))};
  }
  auto id = options.id.empty() ? core_->next_run_id() : options.id;
  auto core = std::make_shared<detail::run_core>(
      *core_, work, std::move(options), std::move(id));
  detail::start_run_deferred(core, std::move(initial));
  return run{std::move(core)};
}

void system::add_flow(const flow& work) {
  require_store(core_->options());
  core_->part<detail::durable_runs>()->add_flow(*core_, work);
}

run system::resume(const std::string& id) {
  require_store(core_->options());
  return run{core_->part<detail::durable_runs>()->resume(*core_, id)};
}

std::vector<resumed_run> system::resume_all() {
  require_store(core_->options());
  return core_->part<detail::durable_runs>()->resume_all(*core_);
}

void system::cancel_all(std::string reason) { core_->cancel_all(reason); }

caf::actor_system& system::actors() const noexcept {
  return core_->at().system;
}

}  // namespace troupe
