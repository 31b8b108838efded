#include "dispatch/worker_link.hpp"

#include "core/system_core.hpp"
#include "wire/peer_limits.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe::remote {

namespace {

using detail::lease;
using detail::placed_result;

detail::wake_key key_of(std::uint64_t number) {
  return {static_cast<std::uint32_t>(number >> 32),
          static_cast<std::uint32_t>(number)};
}

std::uint64_t number_of(detail::wake_key key) {
  return (std::uint64_t{key.slot} << 32) | key.generation;
}

}  // namespace

worker_link::worker_link(caf::actor_config& config, detail::home& at,
                         detail::system_core& core, options chosen,
                         std::shared_ptr<link_view> view)
    : answer_receiver(config, at),
      core_(core),
      timers_(core.timers()),
      options_(std::move(chosen)),
      view_(std::move(view)),
      beat_every_(options_.silence_max / 8),
      holder_(options_.said.capacity, peer_limits::finished),
      board_(shared_registry::of(core)),
      news_(options_.message_max) {}

// -- lite_actor ---------------------------------------------------------------

void worker_link::on_start() {
  timers_->arm(beat_every_, detail::lite_ptr<lite_actor>{this}, 0, 0);
}

void worker_link::on_timer_due(detail::timer_due) {
  tick();
  again();
}

void worker_link::on_answer(detail::wake_key key, detail::answer*) {
  on_run_ended(number_of(key));
  again();
}

void worker_link::on(link_message::has_events which) {
  on_events(which.number);
  again();
}

void worker_link::on(const link_message::reached& came) {
  meet(came.supervisor);
  again();
}

void worker_link::on(link_message::drain) {
  drain();
  again();
}

void worker_link::on_message(caf::mailbox_element& message) {
  if (!message.sender || !detail::holds<std::string>(message)) {
    lite_actor::on_message(message);
    return;
  }
  const auto from = caf::actor_cast<caf::actor>(message.sender);
  try {
    auto packet = wire::decode(detail::content_as<std::string>(message));
    for (auto& each : packet) {
      if (std::holds_alternative<wire::invite>(each)) {
        if (phase_ == phase::alone) meet(from);
      } else if (from == supervisor_) {
        heard_ = timers_->now();
        std::visit([&](auto& said) { on_said(said); }, each);
      }
    }
  } catch (...) {
    const auto why = error::from(std::current_exception());
    if (from == supervisor_) {
      options_.notice("the supervisor sent an invalid message: " +
                      why.message());
      lose_supervisor();
    }
  }
  leave_if_done();
  again();
}

void worker_link::on_down(const caf::down_msg& down) {
  if (!supervisor_ || down.source != supervisor_.address()) return;
  options_.notice("lost the supervisor");
  lose_supervisor();
  again();
}

void worker_link::on_turn() {
  view_->running.store(holder_.running(), std::memory_order_relaxed);
  add_news();
  if (out_.empty()) return;
  const auto said = std::exchange(out_, {});
  if (!supervisor_) return;
  for (auto& packet : wire::encode(said)) {
    tell(supervisor_, caf::make_message(std::move(packet)));
  }
}

void worker_link::on_stop(const caf::error&) noexcept {
  options_.signs->stop_telling();
  drop_all();
  // Their runs refer to this link, to tell it of their ends.
  jobs_.clear();
  {
    const std::lock_guard lock{view_->mutex};
    view_->has_left = true;
  }
  view_->changed.notify_all();
}

// -- what the supervisor says -------------------------------------------------

void worker_link::on_said(wire::welcome& said) {
  if (phase_ == phase::joined) return;
  phase_ = phase::joined;
  has_said_hello_ = true;
  beat_every_ = std::chrono::milliseconds{
      std::clamp<std::int64_t>(said.beat_ms, 10, 60'000)};
  // A supervisor in no hurry answers beats only: they must be in time here too.
  beat_every_ = std::min(beat_every_, options_.silence_max / 4);
  // From now on: what it is given first may hold all threads.
  options_.signs->on_beat(handle(), supervisor_, timers_->now(), beat_every_);
  options_.notice("has joined the supervisor");
  tune_all();
}

void worker_link::on_said(wire::dismiss& said) {
  options_.notice("was sent away: " + said.why);
  drop_all();
  options_.signs->stop_telling();
  phase_ = phase::joining;
  has_said_hello_ = false;
  hello_at_ =
      after(timers_->now(), said.is_final ? options_.retry_max : beat_every_);
}

void worker_link::on_said(wire::give& said) {
  // A supervisor that acknowledges no results gets no more of them.
  const bool has_room =
      result_bytes_ <= peer_limits::kept_messages * options_.message_max;
  if (is_draining_ || !has_room || !holder_.take(said.which)) return;
  begin(said);
}

void worker_link::on_said(wire::snapshot& said) {
  const auto memory = wire::memory_of(*said.body);
  const auto memory_max = peer_limits::kept_messages * options_.message_max;
  if (!snapshots_.contains(said.id) &&
      (snapshots_.size() >= peer_limits::snapshots ||
       (snapshot_memory_ + memory > memory_max && !snapshots_.empty()))) {
    throw error{errc::overloaded,
                "this worker cannot keep more states: it keeps " +
                    std::to_string(snapshots_.size()) + ", of " +
                    std::to_string(snapshot_memory_) + " bytes of memory"};
  }
  auto& kept = snapshots_[said.id];
  snapshot_memory_ += memory - std::exchange(kept.memory, memory);
  kept.content = wire::decode_state(*said.body);
}

void worker_link::on_said(wire::forget& said) {
  const auto known = snapshots_.extract(said.id);
  if (!known.empty()) snapshot_memory_ -= known.mapped().memory;
}

void worker_link::on_said(wire::take_back& said) {
  drop_result(said.which);
  if (!holder_.drop(said.which)) return;
  const auto known = numbers_.find(said.which);
  if (known == numbers_.end()) return;
  const auto ended = jobs_.find(known->second);
  ended->second.work->run().cancel("the supervisor withdrew it");
  numbers_.erase(known);
}

void worker_link::on_said(wire::got& said) {
  holder_.acknowledge(said.which);
  drop_result(said.which);
}

void worker_link::drop_result(lease which) {
  const auto known = results_.extract(which);
  if (!known.empty()) result_bytes_ -= known.mapped().first->size();
}

// -- work ---------------------------------------------------------------------

void worker_link::begin(const wire::give& what) {
  const auto number = ++last_job_;
  try {
    auto asked = wire::decode_work(*what.body);
    const auto snapshot = snapshots_.find(what.snapshot);
    auto work = std::make_unique<served_work>(
        core_, options_.flows, std::move(asked),
        snapshot == snapshots_.end() ? nullptr : &snapshot->second.content,
        [self = detail::lite_ptr<worker_link>{this}, number] {
          send_to(*self, link_message::has_events{number});
        });
    auto& run = work->run();
    jobs_.emplace(number, job{what.which, std::move(work)});
    numbers_.emplace(what.which, number);
    run.subscribe({detail::lite_ptr<answer_receiver>{this}, key_of(number)});
  } catch (...) {
    placed_result refused;
    refused.failure = error::from(std::current_exception());
    finish(what.which, refused);
  }
}

void worker_link::finish(lease which, const placed_result& result) {
  if (!holder_.finish(which)) return;
  auto body = encoded(result);
  drop_result(which);
  const auto& kept =
      results_
          .insert_or_assign(
              which,
              std::pair{std::make_shared<const wire::bytes>(std::move(body)),
                        timers_->now()})
          .first->second;
  const auto size = kept.first->size();
  result_bytes_ += size;
  out_.emplace_back(wire::done{which, kept.first});
  // Many large ones that end together take long to encode: the supervisor is
  // not to wait for the last of them.
  if (size >= wire::packet_size) on_turn();
}

wire::bytes worker_link::encoded(const placed_result& result) const {
  placed_result refused;
  try {
    auto body = wire::encode(result);
    if (body.size() <= options_.message_max) return body;
    refused.failure = error{
        errc::too_large, "a result of " + std::to_string(body.size()) +
                             " bytes is larger than message_max (" +
                             std::to_string(options_.message_max) + " bytes)"};
  } catch (...) {
    refused.failure = error::from(std::current_exception());
  }
  return wire::encode(refused);
}

void worker_link::on_events(std::uint64_t number) {
  const auto known = jobs_.find(number);
  if (known == jobs_.end() || !numbers_.contains(known->second.which)) return;
  if (!send_events(known->second, false)) with_events_.insert(number);
}

bool worker_link::send_events(const job& of, bool must) {
  while (must || events_away_.has_room(served_work::events_size)) {
    auto taken = of.work->take_events();
    if (taken.all.empty() && taken.dropped == 0) return true;
    std::size_t size = 0;
    for (const auto& each : taken.all) size += each.size();
    events_away_.add(size);
    taken.which = of.which;
    out_.emplace_back(std::move(taken));
  }
  return false;
}

void worker_link::on_said(wire::events_heard& said) {
  events_away_.confirm(said.count);
  for (const auto number : std::exchange(with_events_, {})) on_events(number);
}

void worker_link::on_run_ended(std::uint64_t number) {
  const auto known = jobs_.extract(number);
  if (known.empty()) return;
  with_events_.erase(number);
  const auto which = known.mapped().which;
  // One that was taken back may have been given anew meanwhile.
  const auto mine = numbers_.find(which);
  if (mine == numbers_.end() || mine->second != number) return;
  numbers_.erase(mine);
  // Before the result: after it nobody hears them.
  send_events(known.mapped(), true);
  auto& work = *known.mapped().work;
  finish(which, work.result(work.run().wait()));
}

void worker_link::drop_all() {
  for (auto& [number, each] : jobs_) {
    each.work->run().cancel("the connection to the supervisor was lost");
  }
  for (const auto& each : holder_.held()) {
    static_cast<void>(holder_.drop(each));
  }
  numbers_.clear();
  results_.clear();
  snapshots_.clear();
  snapshot_memory_ = 0;
  result_bytes_ = 0;
  with_events_.clear();
  events_away_.clear();
  out_.clear();
  drop_shared("the connection to the supervisor was lost");
}

// -- the rest -----------------------------------------------------------------

void worker_link::tick() {
  const auto now = timers_->now();
  // Its own thread was in user code: what the supervisor has said meanwhile is
  // yet to be read.
  const bool was_late = now - std::exchange(ticked_, now) > beat_every_ * 2;
  if (phase_ == phase::joining && now >= hello_at_ && !has_said_hello_) {
    say_hello(now);
  }
  if (phase_ == phase::joined) {
    std::size_t bytes = 0;
    for (const auto& [which, kept] : results_) bytes += kept.first->size();
    const duration way = detail::time_under_way(bytes);
    for (auto& [which, kept] : results_) {
      if (now < after(after(kept.second, options_.silence_max), way)) continue;
      kept.second = now;
      out_.emplace_back(wire::done{which, kept.first});
    }
    out_.emplace_back(wire::beat{holder_.held(), pulse_at_});
    options_.signs->on_beat(handle(), supervisor_, now, beat_every_);
  }
  if (phase_ != phase::alone && has_said_hello_ &&
      now - heard_ > options_.silence_max && !was_late) {
    options_.notice("the supervisor is silent");
    lose_supervisor();
  }
  timers_->arm(beat_every_, detail::lite_ptr<lite_actor>{this}, 0, 0);
}

void worker_link::meet(const caf::actor& supervisor) {
  supervisor_ = supervisor;
  watch(supervisor_);
  phase_ = phase::joining;
  say_hello(timers_->now());
}

void worker_link::say_hello(time_point now) {
  has_said_hello_ = true;
  pulse_at_ = 0;
  hello_at_ = now;
  heard_ = now;
  out_.emplace_back(options_.said);
  if (is_draining_) out_.emplace_back(wire::leave{});
}

void worker_link::lose_supervisor() {
  drop_all();
  options_.signs->stop_telling();
  if (supervisor_) unwatch(supervisor_);
  supervisor_ = nullptr;
  phase_ = phase::alone;
  has_said_hello_ = false;
  if (is_draining_) {
    leave_if_done();
  } else if (options_.on_lost) {
    options_.on_lost();
  }
}

void worker_link::drain() {
  if (std::exchange(is_draining_, true)) return;
  options_.notice("leaves when it has finished " +
                  std::to_string(holder_.running()) + " pieces of work");
  out_.emplace_back(wire::leave{});
  leave_if_done();
}

void worker_link::leave_if_done() {
  if (!is_draining_ || !holder_.empty()) return;
  on_turn();
  quit();
}

}  // namespace troupe::remote
