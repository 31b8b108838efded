#include "run/durable_part.hpp"

#include "run/flow_supervisor.hpp"

#include <troupe/store/address.hpp>

#include <utility>

namespace troupe::detail {

namespace {

std::uint64_t index_of(std::optional<std::size_t> item) noexcept {
  return item ? std::uint64_t{*item} : log_entry::no_index;
}

// The actor of the step may be that of its node.
waker waker_of(const effect_asker& asker) {
  return fiber_actor::of(asker.host, "keep an effect").waker_for(asker.key);
}

std::size_t weight(const std::vector<log_entry>& entries) noexcept {
  std::size_t bytes = 0;
  for (const auto& each : entries) {
    bytes += each.body.text.size();
    for (const auto& part : each.body.parts) bytes += part.bytes.size();
  }
  return bytes;
}

}  // namespace

durable_part::durable_part(flow_supervisor& owner, run_journal& journal,
                           std::string address, state start,
                           std::shared_ptr<resume_point> from)
    : owner_(owner),
      journal_(journal),
      address_(std::move(address)),
      start_(std::move(start)),
      former_(std::move(from)) {
  if (!former_) return;
  effects_ = std::move(former_->effects);
  has_kept_prepared_ = former_->prepared.has_value();
  if (former_->at) steps_safe_ = former_->at->steps;
}

// -- waits --------------------------------------------------------------------

void durable_part::on_committed(const commit_result& how) {
  is_waiting_ = false;
  if (how == nullptr) {
    steps_safe_ = steps_asked_;
    return;
  }
  error why = *how;
  if (why.code() == errc::store_failed) {
    why = error{errc::store_failed,
                why.message() + "; " + std::to_string(steps_safe_) +
                    " steps of " + owner_.run_id() + " are safe"};
  }
  cut_off(std::move(why));
}

void durable_part::cut_off(error why) {
  is_waiting_ = false;
  is_cut_off_ = true;
  refuse(std::move(why));
}

void durable_part::refuse(error why) {
  if (!failure_) failure_ = std::make_shared<const error>(std::move(why));
}

void durable_part::commit(std::vector<log_entry> entries, run_change change) {
  is_waiting_ = true;
  journal_.commit(std::move(entries), std::move(change),
                  owner_.waker_for_own(flow_supervisor::commit_wait));
}

log_entry durable_part::entry(log_entry::kind what, std::uint64_t step,
                              stored_text body) const {
  log_entry made;
  made.what = what;
  made.address = address_;
  made.step = step;
  made.body = std::move(body);
  return made;
}

// -- the life of a run --------------------------------------------------------

void durable_part::begin() {
  is_waiting_ = true;
  if (!former_) {
    journal_.begin(owner_.waker_for_own(flow_supervisor::begin_wait));
    return;
  }
  run_change change;
  // One that was parked, or has ended, did not take its process down.
  change.recovers = journal_.record().status == run_status::running;
  change.status = run_status::running;
  change.end = std::string{};
  change.version = journal_.record().version;
  change.shape = journal_.record().shape;
  commit({}, std::move(change));
}

void durable_part::keep_end(const end_form& how, run_status status) {
  has_kept_end_ = true;
  run_change change;
  change.status = status;
  change.end = how.to_text();
  commit({}, std::move(change));
}

// -- steps --------------------------------------------------------------------

void durable_part::keep_step(std::uint64_t step, const step_form& what,
                             const state* whole,
                             const std::optional<end_form>& end) {
  std::vector<log_entry> entries;
  entries.push_back(entry(log_entry::kind::step, step, what.to_text()));
  if (whole != nullptr && snapshots_.is_due_after(weight(entries))) {
    entries.push_back(
        entry(log_entry::kind::snapshot, step,
              snapshot_form{what.then, *whole, {}, what.retries}.to_text()));
    snapshots_.on_snapshot(weight({entries.back()}));
  }
  run_change change;
  change.steps_more = 1;
  change.clears_recoveries = true;
  if (end) {
    has_kept_end_ = true;
    change.status = end->failure ? run_status::failed : run_status::finished;
    change.end = end->to_text();
  }
  steps_asked_ = step + 1;
  forget_step();
  commit(std::move(entries), std::move(change));
}

void durable_part::keep_attempt(std::uint64_t step, const attempt_form& what) {
  has_kept_prepared_ = what.prepared.has_value();
  commit({entry(log_entry::kind::attempt, step, what.to_text())}, {});
}

void durable_part::forget_step() {
  former_ = nullptr;
  has_kept_prepared_ = false;
  effects_.clear();
  on_attempt();
}

// -- fan-outs -----------------------------------------------------------------

// The state of a sub-flow is recorded all the time, for its parent; that of a
// run only in a fan-out.
void durable_part::on_fan_out(state& shared) {
  if (!address_.empty()) before_ = shared.take_delta();
  shared.record();
}

void durable_part::after_fan_out(state& shared, const delta& wrote) {
  if (address_.empty()) {
    shared = state{shared.root()};
    return;
  }
  state again{start_};
  again.record();
  again.apply(std::exchange(before_, {}));
  again.apply(wrote);
  shared = std::move(again);
}

void durable_part::keep_items(std::uint64_t step, std::size_t first,
                              const std::vector<value>& params, bool all) {
  std::vector<log_entry> entries;
  entries.reserve(params.size());
  for (const auto& each : params) {
    entries.push_back(
        entry(log_entry::kind::item_taken, step, stored_form(each)));
    entries.back().index = first + entries.size() - 1;
  }
  if (all && !entries.empty()) entries.back().name = log_entry::last_item;
  commit(std::move(entries), {});
}

void durable_part::keep_item_end(std::uint64_t step, const branch_end& how) {
  auto made = entry(log_entry::kind::item_ended, step, stored_form(how));
  made.index = how.index;
  journal_.commit({std::move(made)}, {});
}

// -- an earlier life ----------------------------------------------------------

std::shared_ptr<resume_point> durable_part::take_branch(std::size_t index) {
  if (!former_) return nullptr;
  const auto found = former_->branches.find(index);
  if (found == former_->branches.end()) return nullptr;
  auto taken = std::move(found->second);
  former_->branches.erase(found);
  return taken;
}

std::string durable_part::address_of(std::size_t index) const {
  return (address_.empty() ? address_ : address_ + "/") +
         std::to_string(owner_.step_number()) + "." + std::to_string(index);
}

std::map<std::uint64_t, std::shared_ptr<resume_point>>
durable_part::read_branches() const {
  const auto reader = journal_.store().reader();
  auto at = read_resume_point(*reader, journal_.record());
  for (const auto part : parts_of_address(address_)) {
    const auto found = at->branches.find(part.item);
    if (at->steps != part.step || found == at->branches.end()) return {};
    at = found->second;
  }
  if (at->steps != owner_.step_number()) return {};
  return std::move(at->branches);
}

// -- step_keeper --------------------------------------------------------------

std::optional<json> durable_part::result_of(std::size_t item) {
  if (!former_) return std::nullopt;
  const auto found = former_->results.find(item);
  if (found == former_->results.end()) return std::nullopt;
  return found->second.to_json();
}

// The items are the same in the next life only if what prep gave is kept, too.
void durable_part::keep_result(std::size_t item, const json& result) {
  if (!has_kept_prepared_) {
    const auto prepared = owner_.prepared_form();
    if (!prepared) return;
    attempt_form begun;
    begun.then = owner_.engine().where();
    begun.then.at = position::stage::retry;
    begun.retries = owner_.run().retries();
    begun.prepared = value{*prepared};
    journal_.commit({entry(log_entry::kind::attempt, owner_.step_number(),
                           begun.to_text())},
                    {});
    has_kept_prepared_ = true;
  }
  auto made = entry(log_entry::kind::result, owner_.step_number(),
                    stored_form(value{result}));
  made.index = item;
  journal_.commit({std::move(made)}, {});
}

known_effect durable_part::begin_effect(const effect_name& which,
                                        bool again_if_unknown,
                                        const effect_asker& asker) {
  effect_id id{index_of(which.item), std::string{which.name}};
  known_effect known;
  if (!named_.insert(id).second) {
    known.how = known_effect::kind::twice;
    return known;
  }
  if (const auto found = effects_.find(id); found != effects_.end()) {
    if (found->second) {
      known.how = known_effect::kind::ended;
      known.result = found->second->result.to_json();
      known.failure = found->second->failure;
      return known;
    }
    known.how = known_effect::kind::unknown;
    if (!again_if_unknown) return known;
  }
  auto made = entry(log_entry::kind::effect_begun, owner_.step_number(),
                    stored_form(value{}));
  made.index = id.first;
  made.name = id.second;
  effects_.insert_or_assign(std::move(id), std::nullopt);
  journal_.commit({std::move(made)}, {}, waker_of(asker));
  return known;
}

void durable_part::end_effect(const effect_name& which, const json& result,
                              const error* failure, const effect_asker& asker) {
  effect_id id{index_of(which.item), std::string{which.name}};
  effect_form form{value{result},
                   failure != nullptr ? std::optional{*failure} : std::nullopt};
  auto made = entry(log_entry::kind::effect_ended, owner_.step_number(),
                    form.to_text());
  made.index = id.first;
  made.name = id.second;
  effects_.insert_or_assign(std::move(id), std::move(form));
  journal_.commit({std::move(made)}, {}, waker_of(asker));
}

void durable_part::on_item_attempt(std::size_t item) {
  std::erase_if(named_, [item](const effect_id& each) {
    return each.first == std::uint64_t{item};
  });
  if (runs_) runs_->forget(item);
}

std::shared_ptr<run_names> durable_part::names() {
  if (!runs_) {
    runs_ = std::make_shared<step_runs>(
        journal_.record().id,
        owner_.run_id() + "#" + std::to_string(owner_.step_number()));
  }
  return runs_;
}

// A further attempt in the same life knows that the effect failed.
void durable_part::give_effect_up(const effect_name& which) {
  effects_.erase({index_of(which.item), std::string{which.name}});
}

}  // namespace troupe::detail
