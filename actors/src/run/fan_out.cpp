#include "run/fan_out.hpp"

#include "core/cancel_order.hpp"
#include "core/current_step.hpp"
#include "core/system_core.hpp"
#include "run/flow_supervisor.hpp"

#include <troupe/batch.hpp>
#include <troupe/detail/value/mixed.hpp>

#include <cassert>
#include <exception>
#include <utility>

namespace troupe::detail {

namespace {

/// Sub-flows that are started before those already there get a turn, so that
/// a large window fills with work under way and not with work that waits.
constexpr std::size_t starts_per_turn = 64;

}  // namespace

fan_out_run::fan_out_run(flow_supervisor& owner, const fan_out_spec& model)
    : owner_(owner),
      durable_(owner.durable()),
      model_(model),
      cancel_(caf::make_counted<cancel_order>(
          error{errc::cancelled, "the fan-out was stopped"})),
      progress_(model, model.items ? std::optional<std::size_t>{}
                                   : std::optional{model.bodies.size()}),
      base_(model.in_sequence() ? state{} : owner.shared()),
      merger_(model.on_conflict) {
  if (!model.items) return;
  try {
    source_ = begin_items();
  } catch (...) {
    fail(error::from(std::current_exception()));
  }
}

fan_out_run::~fan_out_run() = default;

// Returns the items from the first one on: those that an earlier life of the
// run took, and then those that the source has beyond them.
item_source fan_out_run::begin_items() {
  context ctx{owner_.steps(), 0};
  auto* former = durable_ != nullptr ? durable_->former() : nullptr;
  if (former == nullptr || former->taken.empty()) {
    auto source = model_.items(owner_.shared(), ctx);
    if (durable_ == nullptr || !model_.items_are_listed) return source;
    std::vector<value> all;
    while (auto item = source()) all.push_back(*std::move(item));
    if (!all.empty()) durable_->keep_items(owner_.step_number(), 0, all, true);
    kept_ = all.size();
    return source_of_values(std::move(all), nullptr);
  }
  std::vector<value> known;
  for (const auto& [index, params] : former->taken) known.push_back(params);
  kept_ = known.size();
  item_source rest;
  if (!former->has_taken_all) {
    rest = model_.items(owner_.shared(), ctx);
    for (std::size_t i = 0; i < kept_ && rest(); ++i) {
    }
  }
  return source_of_values(std::move(known), std::move(rest));
}

// A sub-flow that ended in an earlier life counts, whether there is room or
// not.
bool fan_out_run::take_former_end() {
  auto* former = durable_ != nullptr ? durable_->former() : nullptr;
  if (former == nullptr) return false;
  const auto found = former->ended.find(progress_.started());
  if (found == former->ended.end()) return false;
  if (model_.items && !next_item()) return false;
  auto end = std::move(found->second);
  former->ended.erase(found);
  end.index = progress_.recall();
  owner_.run().count_sub_flow();
  owner_.run().count_end_of(end.how);
  progress_.on_ended(std::move(end));
  merge_ready();
  if (progress_.is_stopping()) cancel_children();
  return true;
}

bool fan_out_run::start_some() {
  for (std::size_t count = 0; count < starts_per_turn; ++count) {
    if (!take_former_end() && !start_next()) {
      keep_taken();
      return false;
    }
  }
  const bool waits = !taken_.empty();
  keep_taken();
  return !waits;
}

// Returns whether there was one that may start.
bool fan_out_run::start_next() {
  if (!progress_.has_room()) return false;
  if (!model_.items) {
    const auto index = progress_.start();
    spawn(*model_.bodies[index], index, owner_.params(), 0,
          durable_ ? durable_->take_branch(index) : nullptr);
    return true;
  }
  auto item = next_item();
  if (!item) return false;
  const auto index = progress_.start();
  if (durable_ == nullptr || index < kept_) {
    start_item(index, *item);
  } else {
    taken_.push_back({index, *std::move(item)});
  }
  return true;
}

// Items that a generator gave are in the store before anything is done with
// them: the next life has the same ones in the same places.
void fan_out_run::keep_taken() {
  if (taken_.empty()) return;
  std::vector<value> params;
  params.reserve(taken_.size());
  for (const auto& each : taken_) params.push_back(each.params);
  kept_ = taken_.front().index + taken_.size();
  try {
    durable_->keep_items(owner_.step_number(), taken_.front().index, params,
                         false);
  } catch (...) {
    fail(error::from(std::current_exception()));
    on_kept();
  }
}

void fan_out_run::on_kept() {
  respawn_kept();
  for (const auto& each : std::exchange(taken_, {})) {
    if (!progress_.is_stopping()) {
      start_item(each.index, each.params);
    } else {
      end_unstarted(each.index);
    }
  }
  merge_ready();
  wait_for_lost();
}

void fan_out_run::end_unstarted(std::size_t index) {
  branch_end never;
  never.index = index;
  progress_.on_ended(std::move(never));
}

void fan_out_run::start_item(std::size_t index, const value& item) {
  value params = owner_.params();
  if (!item.empty()) params = params.merged(item);
  spawn(*model_.bodies.front(), index, std::move(params), 0,
        durable_ ? durable_->take_branch(index) : nullptr);
}

std::optional<value> fan_out_run::next_item() {
  try {
    auto item = source_();
    if (!item) progress_.on_exhausted();
    return item;
  } catch (...) {
    auto why = error::from(std::current_exception());
    why.at_item(progress_.started());
    fail(std::move(why));
    return std::nullopt;
  }
}

std::uint32_t fan_out_run::free_place() {
  if (free_places_.empty()) {
    children_.emplace_back();
    return static_cast<std::uint32_t>(children_.size() - 1);
  }
  const auto place = free_places_.back();
  free_places_.pop_back();
  return place;
}

void fan_out_run::spawn(const flow_graph& body, std::size_t index, value params,
                        std::uint32_t deaths,
                        std::shared_ptr<resume_point> from) {
  if (deaths == 0) owner_.run().count_sub_flow();
  if (!model_.on.empty()) {
    if (const auto elsewhere = owner_.core().elsewhere()) {
      place(*elsewhere, body, index, std::move(params));
      return;
    }
  }
  const auto place = free_place();
  auto& added = children_[place];
  added.deaths = deaths;
  const state& before = model_.in_sequence() ? owner_.shared() : base_;
  added.actor = spawn_lite<flow_supervisor>(
      owner_.at(), owner_.running_on(), owner_,
      branch_start{&body, index, place, std::move(params), &before,
                   std::move(from)});
  wake(*added.actor, owner_.running_on());
}

void fan_out_run::place(placement& elsewhere, const flow_graph& body,
                        std::size_t index, value params) {
  if (!snapshot_ || model_.in_sequence()) {
    snapshot_ = std::make_shared<const state>(
        model_.in_sequence() ? owner_.shared() : base_);
  }
  placed_work what;
  what.label = model_.on;
  what.flow = body.shared_from_this();
  what.origin.run_id = owner_.sub_flow_id(index);
  what.origin.is_durable = owner_.is_durable_anywhere();
  what.params = std::move(params);
  what.seed = mixed(owner_.steps().seed(), index);
  auto& run = owner_.run();
  what.steps_max = run.options().steps_max;
  what.retries_max = run.retries_left();
  what.events = run.detail();
  what.events_max = run.options().events_max;
  what.sink = run.shared_from_this();
  what.readable = snapshot_;
  const auto at = free_place();
  placed_[at] = {elsewhere.place({std::move(what), owner_.waker_for_own(at)}),
                 index};
}

void fan_out_run::on_placed_result(std::uint32_t place, placed_result result) {
  const auto known = placed_.find(place);
  if (known == placed_.end()) return;
  auto made = caf::make_counted<branch_result>();
  made->place = place;
  auto& end = made->end;
  end.index = known->second.index;
  placed_.erase(known);
  end.action = std::move(result.action);
  end.wrote = std::move(result.wrote);
  owner_.run().count_retries(result.retries);
  if (result.was_cancelled) {
    end.how = branch_outcome::kind::cancelled;
  } else if (result.failure) {
    end.how = branch_outcome::kind::failed;
    end.failure = std::make_shared<const error>(
        std::move(result.failure->at_item(end.index)));
  } else {
    end.how = branch_outcome::kind::finished;
  }
  on_result(std::move(made));
}

void fan_out_run::on_result(branch_result_ptr result) {
  const auto ended = std::exchange(children_[result->place], child{});
  free_places_.push_back(result->place);
  if (result->died && !progress_.is_stopping() &&
      ended.deaths < machine::deaths_max) {
    respawn(*ended.actor, ended.deaths + 1);
    return;
  }
  owner_.run().count_end_of(result->end.how);
  keep_end(result->end);
  progress_.on_ended(std::move(result->end));
  merge_ready();
  if (progress_.is_stopping()) cancel_children();
}

// One that ends with its run has no outcome: the next life goes on with it.
void fan_out_run::keep_end(const branch_end& how) {
  if (durable_ == nullptr || durable_->is_cut_off()) return;
  const bool has_finished = how.how == branch_outcome::kind::finished;
  if (!has_finished && durable_->is_parked()) {
    is_cut_short_ = true;
    return;
  }
  if (how.how == branch_outcome::kind::cancelled && owner_.engine().is_over()) {
    return;
  }
  try {
    durable_->keep_item_end(owner_.step_number(), how);
  } catch (...) {
    fail(error::from(std::current_exception()));
  }
}

void fan_out_run::stop() noexcept {
  progress_.stop();
  cancel_children();
}

void fan_out_run::cancel_children() noexcept {
  if (cancelled_) return;
  cancelled_ = true;
  for (const auto& each : children_) {
    if (!each.actor) continue;
    send_to(*each.actor, supervisor_message::cancel{cancel_},
            owner_.running_on());
  }
  const auto elsewhere = owner_.core().elsewhere();
  if (!elsewhere) return;
  for (const auto& [place, each] : placed_) elsewhere->recall(each.work);
}

void fan_out_run::merge_ready() {
  while (const auto next = progress_.take_next()) merge_one(*next);
}

void fan_out_run::merge_one(const branch_end& ended) {
  if (ended.wrote.empty() || ended.how == branch_outcome::kind::cancelled) {
    return;
  }
  try {
    const auto wrote =
        model_.local.empty() ? ended.wrote : ended.wrote.without(model_.local);
    owner_.commit_branch(ended.index, wrote,
                         model_.in_sequence() ? nullptr : &merger_);
  } catch (...) {
    fail(error::from(std::current_exception()));
  }
}

void fan_out_run::conclude() {
  assert(is_over() && !owner_.engine().was_cancelled());
  if (is_cut_short_) {
    owner_.engine().on_cancel(parked());
    return;
  }
  if (progress_.has_failed()) {
    owner_.engine().on_failed(progress_.reason(owner_.engine().path()));
    return;
  }
  if (!model_.post) {
    std::optional<state> nothing;
    owner_.commit_step(nothing, {});
    return;
  }
  try {
    context ctx{owner_.steps(), 0};
    std::optional<state> written{owner_.shared()};
    if (owner_.records()) written->record();
    const current_step step{durable_};
    const auto chosen = model_.post(*written, progress_.outcomes(), ctx);
    owner_.commit_step(written, chosen);
  } catch (...) {
    owner_.engine().on_failed(error::from(std::current_exception()));
  }
}

// Ends the fan-out for a reason that is no failure of a sub-flow.
void fan_out_run::fail(error why) {
  progress_.refuse(std::move(why));
  cancel_children();
}

}  // namespace troupe::detail
