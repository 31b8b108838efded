#include "replay/restarts.hpp"

#include "support/store/mortal_store.hpp"

#include <troupe/store.hpp>
#include <troupe/system.hpp>

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>
#include <vector>

namespace troupe::replay {

namespace {

constexpr std::chrono::seconds patience{60};
/// More than any case has.
constexpr int lives_max = 10'000;

observation shown(const outcome& how, const std::shared_ptr<trace>& seen) {
  observation made;
  made.ok = how.ok();
  if (how.failure) made.error = how.failure->message();
  made.action = how.action.name();
  made.shared = how.state.to_json();
  made.trace = seen->take();
  made.is_repeated = true;
  return made;
}

}  // namespace

struct restarts::parts {
  std::shared_ptr<run_store> store;
  std::uint64_t runs = 0;

  /// Goes on for one step. Returns the end, if it came.
  std::optional<outcome> live(const recorded_case& from, const flow& work,
                              const std::string& id) {
    const auto dead = std::make_shared<std::promise<void>>();
    const auto died = dead->get_future();
    const auto mortal = std::make_shared<troupe_test::mortal_store>(
        store, 1, [dead] { dead->set_value(); });
    system_options options;
    options.threads = 2;
    options.store = mortal;
    options.flows = {work};
    system on{std::move(options)};
    on.resume_all();
    const auto run = on.start(
        work, from.shared,
        {.id = id, .params = from.params, .steps_max = from.step_budget});
    std::optional<outcome> ended;
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!run.done() && std::chrono::steady_clock::now() < until) {
      if (died.wait_for(std::chrono::milliseconds{1}) ==
          std::future_status::ready) {
        break;
      }
    }
    // The end may be in the store, and the next life hears of it.
    if (died.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
      ended = run.wait_for(std::chrono::seconds{0});
    }
    mortal->bury();
    run.cancel();
    run.get();
    return ended;
  }
};

restarts::restarts(const std::string& file)
    : parts_(std::make_unique<parts>()) {
  parts_->store = sqlite(file);
}

restarts::~restarts() { parts_->store->close(); }

std::optional<observation> restarts::run(const recorded_case& from,
                                         const std::shared_ptr<trace>& seen) {
  const auto id = "case" + std::to_string(parts_->runs++);
  const auto work = make_flow(from, seen);
  for (int i = 0; i < lives_max; ++i) {
    if (auto ended = parts_->live(from, work, id)) return shown(*ended, seen);
  }
  return std::nullopt;
}

}  // namespace troupe::replay
