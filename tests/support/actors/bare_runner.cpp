#include "support/actors/bare_runner.hpp"

#include <troupe/batch.hpp>
#include <troupe/detail/fiber/fiber_owner.hpp>
#include <troupe/detail/node/node_base.hpp>
#include <troupe/detail/node/position.hpp>
#include <troupe/detail/value/mixed.hpp>
#include <troupe/json_text.hpp>
#include <troupe/machine.hpp>

#include <algorithm>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace troupe::testing_support {

namespace {

using namespace troupe::detail;

/// The world of all sub-flows of one bare run.
struct world {
  bare_options options;
  time_point now{};
  std::size_t missing_edges = 0;
  std::uint64_t steps = 0;
};

/// The places of one node with a concurrency limit.
struct permits {
  std::uint32_t taken = 0;
  std::deque<wake_key> line;
};

class bare_run final : public step_services,
                       public fiber_owner,
                       private completion {
 public:
  bare_run(world& all, const flow_graph& work, value params, state initial,
           std::uint64_t seed, std::string id)
      : all_(all),
        id_(std::move(id)),
        params_(std::move(params)),
        shared_(std::move(initial)),
        machine_(work, all.options.steps_max, seed),
        frame_(shared_, *this) {}

  void record() {
    shared_.record();
    frame_.records = true;
  }
  void go();

  state& shared() noexcept { return shared_; }
  const machine& engine() const noexcept { return machine_; }

  // -- step_services
  // -------------------------------------------------------------

  const value& params() const noexcept override { return params_; }
  std::string run_id() const override { return id_; }
  std::string node_path() const override { return machine_.path(); }
  std::uint64_t step() const noexcept override { return machine_.step(); }
  time_point now() const noexcept override { return all_.now; }
  std::stop_token stop_token() override { return stop_.get_token(); }
  const node_options& options() const noexcept override {
    return machine_.node().options;
  }
  std::uint64_t seed() const noexcept override { return machine_.step_seed(); }
  bool take_retry() noexcept override { return true; }
  bool listens(event_detail) const noexcept override { return false; }
  void tell(event) override {}
  // A blocking call runs at once, so the run outlives it.
  std::shared_ptr<step_services> detach() override {
    return {std::shared_ptr<void>{}, static_cast<step_services*>(this)};
  }

  // -- fiber_owner ------------------------------------------------------------

  std::uint64_t wake_at(time_point due, wake_key key) override {
    timers_.emplace(std::pair{due, ++last_timer_}, wake_up{key, nullptr});
    return last_timer_;
  }
  void cancel_timer(std::uint64_t timer) noexcept override {
    std::erase_if(timers_,
                  [&](const auto& each) { return each.first.second == timer; });
  }
  void run_blocking(std::shared_ptr<blocking_job> job, wake_key key) override {
    job->run(now());
    wake_at(now(), key);
  }
  const void* acquire(const void* owner, std::uint32_t limit, wake_key key,
                      const held_permits* held) override;

 private:
  struct wake_up {
    wake_key key;
    std::shared_ptr<void> permit;
  };

  void on_complete() noexcept override { is_ready_ = true; }

  void give_permit(permits& from, wake_key key);
  void put_away();
  void carry_out();
  void take_step();
  void settle(step_status status);
  void commit();
  void wait_for_step();
  void fan_out();
  void run_branch(const fan_out_spec& model, std::size_t index, value params,
                  const state& from);

  /// A fan-out at work, and the one of the sub-flow that is run meanwhile.
  struct fan {
    window decide;
    merger merge;
    std::vector<branch_outcome> outcomes{};
    std::optional<error> failure{};
  };

  void conclude(const fan_out_spec& model);

  world& all_;
  std::string id_;
  value params_;
  state shared_;
  machine machine_;
  frame frame_;
  std::optional<fan> fan_;
  std::stop_source stop_;
  bool is_ready_ = false;
  std::map<const void*, permits> permits_;
  std::uint64_t last_timer_ = 0;
  /// By time, and those of one time in the order they were made.
  std::map<std::pair<time_point, std::uint64_t>, wake_up> timers_;
};

void bare_run::go() {
  for (;;) {
    all_.missing_edges += machine_.take_missing_edges().size();
    if (machine_.is_over()) break;
    carry_out();
  }
  // Places come back with the coroutines; nobody is in line for them then.
  frame_.kept.reset();
  for (auto& each : permits_) each.second.line.clear();
  timers_.clear();
  all_.steps += machine_.steps();
}

// The machine, and what `prep` gave, as a store would have them.
void bare_run::put_away() {
  const auto stored = [](const json& form) {
    return read_json(write_json(form));
  };
  machine_ = machine{machine_.root(), all_.options.steps_max, machine_.seed(),
                     position::from_json(stored(machine_.where().to_json()))};
  if (!frame_.kept || machine_.next() == machine::command::begin_step) return;
  const auto prepared = frame_.kept->prepared_form();
  if (prepared) machine_.node().model->restore(frame_, stored(*prepared));
}

void bare_run::carry_out() {
  if (all_.options.is_put_away) put_away();
  switch (machine_.next()) {
    case machine::command::wait:
      all_.now += machine_.wait();
      machine_.on_waited();
      break;
    case machine::command::fan_out:
      fan_out();
      break;
    default:
      take_step();
  }
}

const void* bare_run::acquire(const void* owner, std::uint32_t limit,
                              wake_key key, const held_permits*) {
  auto& from = permits_[owner];
  if (from.taken < limit) {
    ++from.taken;
    give_permit(from, key);
  } else {
    from.line.push_back(key);
  }
  return nullptr;
}

// The place goes to the next in line when the permit dies.
void bare_run::give_permit(permits& from, wake_key key) {
  std::shared_ptr<void> permit{&from, [this](void* given) {
                                 auto& back = *static_cast<permits*>(given);
                                 if (back.line.empty()) {
                                   --back.taken;
                                   return;
                                 }
                                 const auto next = back.line.front();
                                 back.line.pop_front();
                                 give_permit(back, next);
                               }};
  timers_.emplace(std::pair{now(), ++last_timer_},
                  wake_up{key, std::move(permit)});
}

void bare_run::take_step() {
  const auto command = machine_.next();
  const auto& model = *machine_.node().model;
  if (command == machine::command::begin_step) {
    frame_.kept.reset();
    frame_.written.reset();
  }
  frame_.context = context{*this, machine_.attempt()};
  frame_.options = &machine_.node().options;
  frame_.last_attempt = machine_.is_last_attempt();
  frame_.fibers = this;
  frame_.told = this;
  is_ready_ = false;
  auto status = step_status::failed;
  if (command == machine::command::begin_step) {
    status = model.begin(frame_);
  } else if (command == machine::command::retry_step) {
    status = model.retry(frame_);
  } else {
    status = model.fall_back(frame_);
  }
  while (status == step_status::suspended) {
    wait_for_step();
    status = model.resume(frame_);
  }
  settle(status);
}

void bare_run::wait_for_step() {
  while (!std::exchange(is_ready_, false)) {
    if (timers_.empty()) {
      throw std::logic_error{machine_.path() + " waits for nothing"};
    }
    auto first = timers_.extract(timers_.begin());
    all_.now = std::max(all_.now, first.key().first);
    auto& due = first.mapped();
    const bool is_permit = due.permit != nullptr;
    permit_answer given{std::move(due.permit), {}};
    wake(due.key, is_permit ? &given : nullptr);
  }
}

void bare_run::settle(step_status status) {
  switch (status) {
    case step_status::done:
      frame_.kept.reset();
      commit();
      machine_.on_done(frame_.action);
      break;
    case step_status::exec_failed:
      machine_.on_exec_failed(*frame_.failure);
      break;
    default:
      machine_.on_failed(std::move(*frame_.failure));
  }
}

void bare_run::commit() {
  auto written = std::exchange(frame_.written, std::nullopt);
  if (!written) return;
  if (shared_.recording()) {
    shared_.apply(written->take_delta());
  } else {
    swap(shared_, *written);
  }
}

void bare_run::fan_out() {
  const auto& model = machine_.fan_out();
  fan_.emplace(fan{window{model.on_failure, model.concurrency,
                          model.items ? std::optional<std::size_t>{}
                                      : std::optional{model.bodies.size()}},
                   merger{model.on_conflict}});
  const state base = shared_;
  try {
    context ctx{*this, 0};
    const auto items = model.items ? model.items(shared_, ctx) : item_source{};
    for (std::size_t index = 0; fan_->decide.has_room(); ++index) {
      value params = params_;
      if (items) {
        const auto item = items();
        if (!item) {
          fan_->decide.on_exhausted();
          break;
        }
        params = params.merged(*item);
      }
      run_branch(model, index, std::move(params),
                 model.in_sequence() ? shared_ : base);
    }
  } catch (...) {
    fan_->failure = error::from(std::current_exception());
    fan_->decide.refuse();
  }
  conclude(model);
}

void bare_run::run_branch(const fan_out_spec& model, std::size_t index,
                          value params, const state& from) {
  fan_->decide.on_started();
  const auto& body = *model.bodies[model.items ? 0 : index];
  bare_run branch{
      all_,
      body,
      std::move(params),
      from,
      mixed(seed(), index),
      id_ + "/" + std::to_string(step()) + "/" + std::to_string(index)};
  branch.record();
  branch.go();
  branch_outcome ended;
  if (const auto& why = branch.engine().failure()) {
    ended.how = branch_outcome::kind::failed;
    ended.failure = *why;
    ended.failure->at_item(index);
    if (!fan_->failure) fan_->failure = ended.failure;
    fan_->decide.on_failed();
  } else {
    ended.how = branch_outcome::kind::finished;
    ended.action = branch.engine().action();
    fan_->decide.on_finished();
  }
  fan_->outcomes.push_back(std::move(ended));
  const auto wrote = branch.shared().take_delta().without(model.local);
  if (model.in_sequence()) {
    shared_.apply(wrote);
  } else {
    fan_->merge.merge(shared_, index, wrote);
  }
}

void bare_run::conclude(const fan_out_spec& model) {
  const auto ended = std::move(*std::exchange(fan_, std::nullopt));
  if (ended.decide.result() == window::verdict::failed) {
    error why = ended.failure.value_or(
        error{errc::too_many_failures, ended.decide.reason()});
    machine_.on_failed(why.inside(machine_.path()));
    return;
  }
  if (!model.post) {
    machine_.on_done({});
    return;
  }
  try {
    context ctx{*this, 0};
    state written = shared_;
    written.record();
    auto chosen = model.post(written, ended.outcomes, ctx);
    shared_.apply(written.take_delta());
    machine_.on_done(chosen);
  } catch (...) {
    machine_.on_failed(error::from(std::current_exception()));
  }
}

}  // namespace

bare_outcome run_bare(const flow& work, state initial, bare_options options) {
  world all{std::move(options)};
  bare_run run{all,
               work.model(),
               all.options.params,
               std::move(initial),
               all.options.seed,
               "bare"};
  run.go();
  bare_outcome ended;
  if (const auto& why = run.engine().failure()) {
    ended.failure = *why;
  } else {
    ended.action = run.engine().action();
  }
  ended.state = std::move(run.shared());
  ended.missing_edges = all.missing_edges;
  ended.steps = all.steps;
  ended.took = all.now - time_point{};
  return ended;
}

}  // namespace troupe::testing_support
