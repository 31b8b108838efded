#include "gateway.hpp"

#include "caf_version_modules.hpp"

#include <troupe/detail/event_form.hpp>
#include <troupe/detail/flow_form.hpp>

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

/// A worker has at most so many pairs of a flow and a label.
constexpr std::size_t offers_max = 10'000;

std::int64_t in_ms(duration span) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
}

std::string list_of(const std::set<std::string>& names) {
  std::string text;
  for (const auto& each : names) text += (text.empty() ? "" : ", ") + each;
  return text;
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

void gateway::on_signal(detail::signal& received) {
  switch (received.kind) {
    case gateway_signal::place:
      place(received.generation,
            {static_cast<order_body*>(received.body.detach()), false});
      break;
    case gateway_signal::recall:
      recall(work_id{received.generation});
      break;
    case gateway_signal::forget:
      forget_snapshot(received.generation);
      break;
    case gateway_signal::reached: {
      const auto& who = static_cast<called_worker&>(*received.body).who;
      if (called_.emplace(who.address(), who).second) watch(who);
      send(who, wire::invite{});
      break;
    }
    case gateway_signal::stop:
      end();
      break;
    case detail::signal_kind::wake:
      look();
      break;
    default:
      on_shared(received);
      break;
  }
  carry_out();
}

void gateway::on_message(caf::mailbox_element& message) {
  if (!message.sender || !detail::holds<std::string>(message)) {
    lite_actor::on_message(message);
    return;
  }
  const auto from = caf::actor_cast<caf::actor>(message.sender);
  try {
    for (auto& each : wire::decode(detail::content_as<std::string>(message))) {
      receive(from, std::move(each));
    }
    carry_out();
  } catch (...) {
    // Whatever one peer brings about, the others are served.
    const auto why = error::from(std::current_exception());
    const auto known = at(from);
    if (known != workers_.end()) {
      part_with(known, "it sent what makes no sense: " + why.message(), true);
    }
    carry_out();
  }
}

void gateway::on_down(const caf::down_msg& down) {
  const auto known = ids_.find(down.source);
  if (known != ids_.end()) {
    const auto who = workers_.find(known->second);
    if (!who->second.is_draining) {
      options_.notice(
          "lost the worker '" + who->second.said.name + "', which held " +
          std::to_string(table_.held_by(who->first)) + "; that goes to others");
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
    if (each.out.empty()) continue;
    for (auto& packet : wire::encode(std::exchange(each.out, {}))) {
      tell(each.to, caf::make_message(std::move(packet)));
    }
  }
}

void gateway::on_stop(const caf::error&) noexcept {
  // What is left of orders answers for itself.
  orders_.clear();
  post(*shares_.desk, detail::signal{desk_signal::stop});
  {
    const std::lock_guard lock{view_->mutex};
    view_->has_ended = true;
  }
  view_->changed.notify_all();
}

// -- what peers say -----------------------------------------------------------

void gateway::receive(const caf::actor& from, wire::message said) {
  if (auto* joining = std::get_if<wire::hello>(&said)) {
    on_hello(from, std::move(*joining));
    return;
  }
  if (std::holds_alternative<wire::ask_status>(said)) {
    send(from, wire::status{report()});
    return;
  }
  const auto who = at(from);
  if (who == workers_.end()) {
    send(from,
         wire::dismiss{"it was given up, as nothing was heard of it", false});
    return;
  }
  who->second.heard = timers_->now();
  table_.notice(who->first, who->second.heard);
  std::visit([&](auto& each) { on_said(who, each); }, said);
}

void gateway::on_hello(const caf::actor& from, wire::hello said) {
  bool is_watched = called_.contains(from.address());
  if (const auto known = at(from); known != workers_.end()) {
    is_watched = true;
    options_.notice("the worker '" + known->second.said.name +
                    "' joins again, and has nothing of what it held");
    remove(known, parting::orderly);
  }
  const auto why = reason_to_refuse(said);
  if (!why.empty()) {
    options_.notice("refused the worker '" + said.name + "': " + why);
    if (is_watched && !called_.contains(from.address())) unwatch(from);
    send(from, wire::dismiss{why, true});
    return;
  }
  const worker_id id{++last_worker_};
  detail::worker_offer offer;
  offer.capacity = said.capacity;
  for (const auto& [flow, form] : said.flows) {
    for (const auto& label : said.labels) {
      offer.labels.insert(offer_name(flow, label));
    }
  }
  const auto now = timers_->now();
  options_.notice("the worker '" + said.name + "' has joined, " +
                  std::to_string(said.capacity) + " at once, for " +
                  list_of(said.labels));
  missed_.clear();
  workers_.emplace(id, worker{.to = from,
                              .said = std::move(said),
                              .joined = now,
                              .heard = now,
                              .news = news_outbox{options_.message_max}});
  ids_[from.address()] = id;
  if (!is_watched) watch(from);
  workers_.at(id).out.emplace_back(
      wire::welcome{in_ms(options_.silence_max / 4)});
  table_.join(id, std::move(offer), now);
  show();
}

std::string gateway::reason_to_refuse(const wire::hello& said) const {
  if (said.protocol != wire::protocol) {
    return "it speaks version " + std::to_string(said.protocol) +
           " of the protocol, and this supervisor version " +
           std::to_string(wire::protocol);
  }
  if (said.capacity < 1) return "it has no capacity";
  if (said.flows.size() * said.labels.size() > offers_max) {
    return "it has " + std::to_string(said.flows.size()) + " flows and " +
           std::to_string(said.labels.size()) + " labels, which is more than " +
           std::to_string(offers_max) + " pairs of them";
  }
  for (const auto& [name, form] : said.flows) {
    const auto known = forms_.find(name);
    if (known == forms_.end() || known->second == form) continue;
    return "it has another flow '" + name +
           "': " + detail::first_difference(known->second, form) +
           " (here is the supervisor)";
  }
  return {};
}

void gateway::on_said(worker_place who, wire::beat& said) {
  const auto now = who->second.heard;
  const auto as_of = std::clamp(time_point{duration{said.as_of}}, {}, now);
  table_.hear(who->first, said.held, now, as_of);
  who->second.out.emplace_back(wire::pulse{now.time_since_epoch().count()});
}

void gateway::on_said(worker_place who, wire::done& said) {
  who->second.out.emplace_back(wire::got{said.which});
  if (!table_.settle(who->first, said.which, timers_->now())) return;
  ++who->second.done;
  const auto order = orders_.extract(said.which.work);
  if (said.body->size() > options_.message_max) {
    placed_result refused;
    refused.failure = error{errc::too_large,
                            "a result of " + std::to_string(said.body->size()) +
                                " bytes is larger than message_max, " +
                                std::to_string(options_.message_max)};
    order.mapped()->answer(std::move(refused));
  } else {
    order.mapped()->answer(std::move(said.body));
  }
}

void gateway::on_said(worker_place who, wire::events& said) {
  ++who->second.events_heard;
  if (!table_.is_first(who->first, said.which)) return;
  const auto& order = orders_.at(said.which.work);
  const auto now = timers_->now();
  order->sink->miss(said.dropped);
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
    view_->status = std::move(now_so);
  }
  view_->changed.notify_all();
}

gateway::worker_place gateway::at(const caf::actor& who) {
  const auto known = ids_.find(who.address());
  return known == ids_.end() ? workers_.end() : workers_.find(known->second);
}

void gateway::part_with(worker_place who, std::string why, bool is_final) {
  options_.notice("parts with the worker '" + who->second.said.name +
                  "': " + why);
  const auto to = who->second.to;
  // That of one which was called brings it back.
  if (!called_.contains(to.address())) unwatch(to);
  remove(who, parting::orderly);
  send(to, wire::dismiss{std::move(why), is_final});
}

void gateway::remove(worker_place who, parting how) {
  const auto id = who->first;
  ids_.erase(who->second.to.address());
  workers_.erase(who);
  const auto now = timers_->now();
  if (how == parting::lost) {
    table_.lose(id, now);
  } else {
    table_.leave(id, now);
  }
  end_calls_of(id);
  show();
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

json gateway::report() const {
  const auto now = timers_->now();
  json workers = json::array();
  std::size_t leased = 0;
  for (const auto& [id, each] : workers_) {
    const auto held = table_.held_by(id);
    leased += held;
    json flows = json::array();
    for (const auto& [name, form] : each.said.flows) flows.push_back(name);
    workers.push_back({{"name", each.said.name},
                       {"labels", each.said.labels},
                       {"capacity", each.said.capacity},
                       {"held", held},
                       {"done", each.done},
                       {"flows", std::move(flows)},
                       {"silent_ms", in_ms(now - each.heard)},
                       {"joined_s", in_ms(now - each.joined) / 1000},
                       {"draining", each.is_draining},
                       {"troupe", each.said.troupe}});
  }
  return {{"protocol", wire::protocol},        {"troupe", TROUPE_VERSION},
          {"caf", detail::caf_version_text()}, {"workers", std::move(workers)},
          {"waiting", table_.waiting()},       {"leased", leased}};
}

}  // namespace troupe::remote
