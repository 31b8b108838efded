// The part of a gateway for what is shared with workers: calls go to its desk,
// and messages of topics to their subscribers.

#include "dispatch/gateway.hpp"
#include "wire/peer_limits.hpp"

#include <troupe/detail/placed/error_form.hpp>
#include <troupe/event.hpp>

#include <utility>

namespace troupe::remote {

namespace {

std::uint64_t worker_number(detail::worker_id who) {
  return static_cast<std::uint64_t>(who);
}

}  // namespace

void gateway::on(call_server_message::answer&& made) {
  const auto who = workers_.find(worker_id{made.worker});
  if (who != workers_.end()) who->second.out.emplace_back(std::move(made.what));
  carry_out();
}

void gateway::on(const news_message::published& said) {
  spread(said.what->topic, said.what->body, 0, workers_.end());
  carry_out();
}

void gateway::on_said(worker_place who, wire::call& said) {
  wire::answer refused;
  refused.number = said.number;
  if (said.body.size() > options_.message_max) {
    refused.failure = detail::error_form(
        {errc::too_large, "a call of " + std::to_string(said.body.size()) +
                              " bytes is larger than message_max (" +
                              std::to_string(options_.message_max) +
                              " bytes)"});
  } else if (!send_to(*shares_.desk,
                      call_server_message::call{worker_number(who->first),
                                                std::move(said)},
                      context())) {
    refused.failure = detail::error_form(
        {errc::shut_down, "the supervisor no longer serves calls"});
  } else {
    return;
  }
  who->second.out.emplace_back(std::move(refused));
  say_if_much(who->second);
}

void gateway::on_said(worker_place who, wire::end_call& said) {
  send_to(
      *shares_.desk,
      call_server_message::end_call{worker_number(who->first), std::move(said)},
      context());
}

void gateway::on_said(worker_place who, wire::tune& said) {
  auto& topics = who->second.topics;
  if (!said.is_heard) {
    topics_ -= topics.erase(said.topic);
    who->second.news.forget(said.topic);
    return;
  }
  if (topics.contains(said.topic)) return;
  if (topics.size() >= peer_limits::topics) {
    throw error{errc::overloaded, "it subscribes to more than " +
                                      std::to_string(peer_limits::topics) +
                                      " topics"};
  }
  if (topics_ >= peer_limits::topics_of_all) {
    throw error{errc::overloaded,
                "all workers together subscribe to more than " +
                    std::to_string(peer_limits::topics_of_all) + " topics"};
  }
  topics.insert(std::move(said.topic));
  ++topics_;
}

void gateway::on_said(worker_place who, wire::news& said) {
  ++who->second.news_heard;
  shares_.board->news().deliver(said.topic, said.body, said.missed);
  spread(said.topic, std::make_shared<wire::bytes>(std::move(said.body)),
         said.missed, who);
}

void gateway::on_said(worker_place who, wire::heard& said) {
  who->second.news.confirm(said.count);
}

// Once, until it speaks for itself again.
void gateway::on_only_lives(worker_place who) {
  table_.stay(who->first, timers_->now());
  if (std::exchange(who->second.only_lives, true)) return;
  const auto& name = who->second.said.name;
  options_.notice("the worker '" + name +
                  "' is alive, but user code holds all its threads; it gets no "
                  "new work meanwhile");
  for (const auto which : table_.work_of(who->first)) {
    const auto order = orders_.find(which);
    if (order == orders_.end() || !order->second->sink) continue;
    event warning;
    warning.kind = event_kind::warning;
    warning.at = timers_->now();
    warning.run = order->second->run_id;
    warning.node = order->second->node;
    warning.text = "runs on the worker '" + name +
                   "', whose threads are all held by plain calls; declare such "
                   "a node blocking, or wait with co_await";
    order->second->sink->tell(std::move(warning));
  }
}

void gateway::spread(const std::string& topic, const wire::shared_bytes& body,
                     std::uint64_t missed, worker_place but_not) {
  for (auto each = workers_.begin(); each != workers_.end(); ++each) {
    if (each == but_not || !each->second.topics.contains(topic)) continue;
    each->second.news.push(topic, body, missed);
  }
}

void gateway::add_news(worker& to) {
  if (to.news_heard > 0) {
    to.out.emplace_back(wire::heard{std::exchange(to.news_heard, 0)});
  }
  to.news.take(to.out);
}

void gateway::end_calls_of(worker_id who) {
  send_to(*shares_.desk, call_server_message::worker_lost{worker_number(who)});
}

}  // namespace troupe::remote
