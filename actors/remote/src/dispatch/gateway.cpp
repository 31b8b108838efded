#include "dispatch/gateway.hpp"

#include "caf/caf_version_modules.hpp"

#include <troupe/detail/placed/event_form.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe::remote {

namespace {

using detail::placed_result;

detail::lease_options lease_options_of(const listener_options& options) {
  detail::lease_options chosen;
  chosen.silence_max = options.silence_max;
  chosen.twice_after = options.twice_after;
  chosen.deaths_max = options.deaths_max;
  return chosen;
}

}  // namespace

gateway::gateway(caf::actor_config& config, detail::home& at,
                 std::shared_ptr<detail::timer_service> timers,
                 const listener_options& options, gateway_shares shares,
                 std::shared_ptr<gateway_view> view,
                 std::function<void()> on_called_lost)
    : lite_actor(config, at),
      timers_(std::move(timers)),
      options_(options),
      shares_(std::move(shares)),
      view_(std::move(view)),
      on_called_lost_(std::move(on_called_lost)),
      table_(lease_options_of(options)) {}

// -- lite_actor ---------------------------------------------------------------

void gateway::on_start() {
  look();
  carry_out();
}

void gateway::on_timer_due(detail::timer_due) {
  look();
  carry_out();
}

void gateway::on(work_message::place asked) {
  place(asked.number, std::move(asked.order));
  carry_out();
}

void gateway::on(work_message::recall asked) {
  recall(work_id{asked.number});
  carry_out();
}

void gateway::on(work_message::forget_snapshot which) {
  forget_snapshot(which.id);
  carry_out();
}

void gateway::on(const worker_reached& came) {
  if (called_.emplace(came.who.address(), came.who).second) watch(came.who);
  send(came.who, wire::invite{});
  carry_out();
}

void gateway::on(stop) {
  end();
  carry_out();
}

void gateway::on_message(caf::mailbox_element& message) {
  if (!message.sender || !detail::holds<std::string>(message)) {
    lite_actor::on_message(message);
    return;
  }
  const auto from = caf::actor_cast<caf::actor>(message.sender);
  packet_answers answers;
  try {
    for (auto& each : wire::decode(detail::content_as<std::string>(message))) {
      receive(from, std::move(each), answers);
    }
    carry_out();
  } catch (...) {
    // Whatever one peer brings about, the others are served.
    const auto why = error::from(std::current_exception());
    const auto known = at(from);
    const auto text = "it sent an invalid message: " + why.message();
    if (known != workers_.end()) {
      tell_of_loss(known->second.said.name, text, table_.work_of(known->first));
      part_with(known, text, true);
    } else {
      options_.notice("refused a process that has not joined: " + text);
      answer_stranger(from, text, true, answers);
    }
    carry_out();
  }
}

void gateway::on_down(const caf::down_msg& down) {
  const auto known = ids_.find(down.source);
  if (known != ids_.end()) {
    const auto who = workers_.find(known->second);
    if (!who->second.is_draining) {
      options_.notice("lost the worker '" + who->second.said.name +
                      "', which held " +
                      std::to_string(table_.held_by(who->first)) +
                      " pieces of work; other workers get them");
      tell_of_loss(who->second.said.name, "its connection was lost",
                   table_.work_of(who->first));
    }
    remove(who, who->second.is_draining ? parting::orderly : parting::lost);
  }
  if (called_.erase(down.source) > 0) on_called_lost_();
  carry_out();
}

void gateway::on_turn() {
  for (auto& [id, each] : workers_) {
    add_news(each);
    if (each.events_heard > 0) {
      each.out.emplace_back(
          wire::events_heard{std::exchange(each.events_heard, 0)});
    }
    if (std::exchange(each.is_to_pulse, false)) {
      each.out.emplace_back(wire::pulse{each.heard.time_since_epoch().count()});
    }
    say_all(each);
  }
}

void gateway::say_if_much(worker& to) {
  constexpr std::size_t much = 4096;
  if (to.out.size() >= much) say_all(to);
}

void gateway::say_all(worker& to) {
  if (to.out.empty()) return;
  for (auto& packet : wire::encode(std::exchange(to.out, {}))) {
    tell(to.to, caf::make_message(std::move(packet)));
  }
}

void gateway::on_stop(const caf::error&) noexcept {
  // The orders that are left answer for themselves.
  orders_.clear();
  send_to(*shares_.desk, call_server_message::stop{});
  {
    const std::lock_guard lock{view_->mutex};
    view_->has_ended = true;
  }
  view_->changed.notify_all();
}

// -- what peers say -----------------------------------------------------------

void gateway::receive(const caf::actor& from, wire::message said,
                      packet_answers& answers) {
  if (auto* joining = std::get_if<wire::hello>(&said)) {
    if (std::exchange(answers.has_hello, true)) {
      throw error{errc::bad_value, "it sent two hello messages in one packet"};
    }
    on_hello(from, std::move(*joining));
    return;
  }
  if (std::holds_alternative<wire::ask_status>(said)) {
    if (std::exchange(answers.has_status, true)) return;
    send(from, wire::status{report().form()});
    return;
  }
  const auto who = at(from);
  if (who == workers_.end()) {
    answer_stranger(from, "it was given up because it was silent", false,
                    answers);
    return;
  }
  if (const auto* sign = std::get_if<wire::heard>(&said)) {
    if (sign->count == wire::heard::only_lives) {
      on_only_lives(who);
      return;
    }
  }
  who->second.heard = timers_->now();
  who->second.only_lives = false;
  table_.notice(who->first, who->second.heard);
  std::visit([&](auto& each) { on_said(who, each); }, said);
}

void gateway::answer_stranger(const caf::actor& from, std::string why,
                              bool is_final, packet_answers& answers) {
  if (std::exchange(answers.has_dismiss, true)) return;
  send(from, wire::dismiss{std::move(why), is_final});
}

void gateway::on_said(worker_place who, wire::beat& said) {
  const auto now = who->second.heard;
  const auto as_of = std::clamp(time_point{duration{said.as_of}}, {}, now);
  table_.hear(who->first, said.held, now, as_of);
  who->second.is_to_pulse = true;
}

bool gateway::has_failed(const wire::done& said) const {
  if (said.body->size() > options_.message_max) return true;
  try {
    const auto made = wire::decode_result(*said.body);
    return made.failure || made.was_cancelled;
  } catch (const error&) {
    return true;
  }
}

void gateway::on_said(worker_place who, wire::done& said) {
  who->second.out.emplace_back(wire::got{said.which});
  say_if_much(who->second);
  if (table_.holders(said.which.work) > 1 && has_failed(said) &&
      table_.leave_to_other(who->first, said.which, timers_->now())) {
    return;
  }
  if (!table_.settle(who->first, said.which, timers_->now())) return;
  ++who->second.done;
  const auto order = orders_.extract(said.which.work);
  if (said.body->size() > options_.message_max) {
    placed_result refused;
    refused.failure = error{
        errc::too_large, "a result of " + std::to_string(said.body->size()) +
                             " bytes is larger than message_max (" +
                             std::to_string(options_.message_max) + " bytes)"};
    order.mapped()->answer(std::move(refused));
  } else {
    order.mapped()->answer(std::move(said.body));
  }
}

void gateway::on_said(worker_place who, wire::events& said) {
  ++who->second.events_heard;
  if (!table_.is_first(who->first, said.which)) return;
  std::size_t bytes = 0;
  for (const auto& each : said.all) bytes += each.size();
  if (bytes > options_.message_max) {
    throw error{errc::too_large, "events of " + std::to_string(bytes) +
                                     " bytes are larger than message_max (" +
                                     std::to_string(options_.message_max) +
                                     " bytes)"};
  }
  const auto& order = orders_.at(said.which.work);
  const auto now = timers_->now();
  // The sum of them stays in range.
  constexpr std::size_t dropped_max = 1'000'000'000;
  order->sink->miss(std::min(said.dropped, dropped_max));
  for (const auto& each : said.all) {
    order->sink->tell(detail::event_from(wire::decode_json(each), now));
  }
}

void gateway::on_said(worker_place who, wire::leave&) {
  if (std::exchange(who->second.is_draining, true)) return;
  options_.notice("the worker '" + who->second.said.name + "' leaves");
  table_.drain(who->first);
}

// -- the rest -----------------------------------------------------------------

void gateway::look() {
  table_.advance(timers_->now());
  // One that gave this supervisor up waits to be asked again.
  for (const auto& [address, each] : called_) {
    if (!ids_.contains(address)) send(each, wire::invite{});
  }
  show();
  next_look_ = time_point::max();
}

void gateway::look_when_due() {
  const auto due = table_.due();
  if (due >= next_look_) return;
  timers_->cancel(look_timer_);
  look_timer_ = timers_->arm(due, detail::lite_ptr<lite_actor>{this}, 0, 0);
  next_look_ = due;
}

void gateway::show() {
  auto now_so = report();
  {
    const std::lock_guard lock{view_->mutex};
    view_->workers = workers_.size();
    view_->report = std::move(now_so);
  }
  view_->changed.notify_all();
}

gateway::worker_place gateway::at(const caf::actor& who) {
  const auto known = ids_.find(who.address());
  return known == ids_.end() ? workers_.end() : workers_.find(known->second);
}

void gateway::end() {
  // Nobody gets what another leaves.
  for (const auto& [id, each] : workers_) table_.drain(id);
  for (const auto& [which, each] : orders_) {
    table_.cancel(which, timers_->now());
  }
  orders_.clear();
  while (!workers_.empty()) {
    part_with(workers_.begin(), "the supervisor has ended", false);
  }
  quit();
}

void gateway::send(const caf::actor& to, const wire::message& what) {
  tell(to, caf::make_message(wire::encode(what)));
}

gateway_report gateway::report() const {
  const auto now = timers_->now();
  gateway_report made;
  made.waiting = table_.waiting();
  made.workers.reserve(workers_.size());
  for (const auto& [id, each] : workers_) {
    const auto held = table_.held_by(id);
    made.leased += held;
    made.workers.push_back({each.shown, held, each.done, now - each.heard,
                            now - each.joined, each.is_draining});
  }
  return made;
}

}  // namespace troupe::remote
