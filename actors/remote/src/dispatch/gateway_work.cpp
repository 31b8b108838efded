// The part of a gateway that has work done: it carries out the orders of runs
// and those of its lease table.

#include "core/fiber_actor.hpp"
#include "dispatch/gateway.hpp"

#include <troupe/detail/placed/flow_form.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace troupe::remote {

using detail::lease;
using detail::lease_order;
using detail::placed_result;

namespace {

std::string times(std::uint32_t count) {
  return count == 1 ? "once" : std::to_string(count) + " times";
}

std::string text_of_losses(detail::lone_losses losses, duration silence_max) {
  using std::chrono::milliseconds;
  std::string text = "its worker, which held nothing else, was lost " +
                     times(losses.gone + losses.silent) + ": ";
  if (losses.gone > 0) {
    text += "the connection was lost " + times(losses.gone) +
            ", as when the process dies";
  }
  if (losses.gone > 0 && losses.silent > 0) text += ", and ";
  if (losses.silent > 0) {
    text += "the worker was silent for " +
            std::to_string(
                std::chrono::duration_cast<milliseconds>(silence_max).count()) +
            " ms " + times(losses.silent) + ", as when it is frozen or cut off";
  }
  return text;
}

}  // namespace

// Work is for the workers with its label that have its flow.
std::string gateway::offer_name(const std::string& flow,
                                const std::string& label) {
  return flow + '\n' + label;
}

void gateway::place(std::uint64_t number, order_ptr order) {
  try {
    if (orders_.size() >= options_.work_max) {
      throw error{errc::overloaded, "more than work_max (" +
                                        std::to_string(options_.work_max) +
                                        ") pieces of work wait or run"};
    }
    learn(order->flow);
  } catch (...) {
    placed_result refused;
    refused.failure = error::from(std::current_exception());
    order->answer(std::move(refused));
    return;
  }
  const work_id which{number};
  auto label = offer_name(order->flow->name, order->label);
  const bool is_served =
      std::any_of(workers_.begin(), workers_.end(), [&](const auto& each) {
        return each.second.said.labels.contains(order->label) &&
               each.second.said.flows.contains(order->flow->name);
      });
  if (!is_served && missed_.insert(label).second) {
    options_.notice("the flow '" + order->flow->name +
                    "' waits for a worker with the label '" + order->label +
                    "'; none has joined");
  }
  const auto bytes = order->body->size();
  orders_.emplace(which, std::move(order));
  table_.add(which, std::move(label), timers_->now(), bytes);
}

void gateway::recall(work_id which) {
  const auto order = orders_.extract(which);
  if (order.empty()) return;
  table_.cancel(which, timers_->now());
  placed_result ended;
  ended.was_cancelled = true;
  order.mapped()->answer(std::move(ended));
}

void gateway::learn(const std::shared_ptr<const detail::flow_graph>& flow) {
  const auto known = learnt_.find(flow.get());
  if (known != learnt_.end() && !known->second.expired()) return;
  // One that is built anew for each run, perhaps.
  if (learnt_.size() >= forget_at_) forget_old_flows();
  const auto form = detail::flow_form(*flow);
  if (const auto same = forms_.find(flow->name); same != forms_.end()) {
    if (same->second != form) forget_old_flows();
  }
  const auto [same_name, is_new] = forms_.emplace(flow->name, form);
  if (!is_new) {
    const auto what = detail::first_difference(same_name->second, form);
    if (!what.empty()) {
      throw error{errc::bad_flow, "two different flows with the name '" +
                                      flow->name +
                                      "' are placed on workers: " + what};
    }
  }
  learnt_[flow.get()] = flow;
  if (!is_new) return;
  std::vector<std::pair<worker_id, std::string>> others;
  for (const auto& [id, each] : workers_) {
    auto why = reason_to_refuse(each.said);
    if (why.empty()) continue;
    // First: none of them gets what another one leaves.
    table_.drain(id);
    others.emplace_back(id, std::move(why));
  }
  for (auto& [id, why] : others) {
    part_with(workers_.find(id), std::move(why), true);
  }
}

void gateway::forget_old_flows() {
  std::map<std::string, json> kept;
  std::erase_if(learnt_, [&](const auto& each) {
    const auto flow = each.second.lock();
    if (!flow) return true;
    if (auto form = forms_.extract(flow->name)) kept.insert(std::move(form));
    return false;
  });
  forms_ = std::move(kept);
  forget_at_ = std::max<std::size_t>(64, 2 * learnt_.size());
}

void gateway::forget_snapshot(std::uint64_t id) {
  for (auto& [who, each] : workers_) {
    if (each.snapshots.erase(id) > 0) {
      each.out.emplace_back(wire::forget{id});
    }
  }
}

void gateway::give(worker_id to, lease which) {
  auto& who = workers_.at(to);
  const auto known = orders_.find(which.work);
  // The order may be over by now.
  if (known == orders_.end()) return;
  const auto& order = *known->second;
  std::uint64_t snapshot = 0;
  if (order.snapshot) {
    snapshot = order.snapshot->id;
    if (who.snapshots.insert(snapshot).second) {
      who.out.emplace_back(wire::snapshot{snapshot, order.snapshot->body});
      table_.send_along(to, which, order.snapshot->body->size());
    }
  }
  who.out.emplace_back(wire::give{which, order.body, snapshot});
}

void gateway::fail(work_id which, detail::lone_losses losses) {
  const auto order = orders_.extract(which);
  if (order.empty()) return;
  placed_result ended;
  ended.failure =
      error{errc::actor_died, text_of_losses(losses, options_.silence_max)}
          .permanent();
  order.mapped()->answer(std::move(ended));
}

void gateway::carry_out() {
  while (const auto next = table_.next()) {
    const auto to = workers_.find(next->worker);
    switch (next->what) {
      case lease_order::kind::give:
        // Several may be parted with in one turn: what one left was for another
        // that is gone as well, and is given anew by a later order.
        if (to != workers_.end()) give(next->worker, next->lease);
        break;
      case lease_order::kind::take_back:
        if (to != workers_.end()) {
          to->second.out.emplace_back(wire::take_back{next->lease});
        }
        break;
      case lease_order::kind::fail:
        fail(next->lease.work, next->losses);
        break;
      case lease_order::kind::dismiss:
        if (to != workers_.end()) {
          const auto why =
              "it was silent for " +
              std::to_string(
                  std::chrono::duration_cast<std::chrono::milliseconds>(
                      options_.silence_max)
                      .count()) +
              " ms";
          tell_of_loss(to->second.said.name, why, next->held);
          part_with(to, why, false);
        }
        break;
    }
  }
  look_when_due();
  again();
}

}  // namespace troupe::remote
