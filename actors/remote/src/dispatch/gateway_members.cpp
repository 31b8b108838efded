// The part of a gateway that takes workers in and parts with them.

#include "dispatch/gateway.hpp"
#include "dispatch/notice_limit.hpp"
#include "wire/peer_limits.hpp"

#include <troupe/detail/placed/flow_form.hpp>
#include <troupe/printable.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace troupe::remote {

namespace {

std::string list_of(const std::set<std::string>& names) {
  std::string text;
  for (const auto& each : names) {
    if (text.size() > notice_limit::line_bytes) break;
    text += (text.empty() ? "" : ", ") + each;
  }
  return text;
}

/// About what the pairs of its flows and labels take.
std::size_t memory_of_offers(const wire::hello& said) {
  std::size_t flows = 0;
  for (const auto& [name, form] : said.flows) flows += name.size();
  std::size_t labels = 0;
  for (const auto& each : said.labels) labels += each.size();
  const auto pairs = said.flows.size() * said.labels.size();
  return flows * said.labels.size() + labels * said.flows.size() +
         pairs * 4 * sizeof(std::string);
}

}  // namespace

void gateway::on_hello(const caf::actor& from, wire::hello said) {
  bool is_watched = called_.contains(from.address());
  if (const auto known = at(from); known != workers_.end()) {
    is_watched = true;
    options_.notice("the worker '" + known->second.said.name +
                    "' joins again; the work it held is lost");
    remove(known, parting::orderly);
  }
  auto why = reason_to_refuse(said);
  if (why.empty()) said.memory += memory_of_offers(said);
  if (why.empty()) why = reason_to_have_no_room(said);
  if (!why.empty()) {
    options_.notice("refused the worker '" + said.name + "': " + why);
    if (is_watched && !called_.contains(from.address())) unwatch(from);
    send(from, wire::dismiss{why, true});
    return;
  }
  const worker_id id{++last_worker_};
  detail::worker_offer offer;
  said.capacity = std::min(said.capacity, peer_limits::capacity);
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
  hello_memory_ += said.memory;
  auto shown = shown_hello(said);
  workers_.emplace(id, worker{.to = from,
                              .said = std::move(said),
                              .shown = std::move(shown),
                              .joined = now,
                              .heard = now,
                              .news = news_outbox{options_.message_max}});
  ids_[from.address()] = id;
  if (!is_watched) watch(from);
  workers_.at(id).out.emplace_back(
      wire::welcome{std::chrono::duration_cast<std::chrono::milliseconds>(
                        options_.silence_max / 4)
                        .count()});
  table_.join(id, std::move(offer), now);
  show();
}

std::string gateway::reason_to_refuse(const wire::hello& said) const {
  if (said.protocol != wire::protocol) {
    return "it speaks version " + std::to_string(said.protocol) +
           " of the protocol, but this supervisor speaks version " +
           std::to_string(wire::protocol);
  }
  if (said.capacity < 1) return "its capacity is 0";
  if (said.flows.size() * said.labels.size() > peer_limits::offers) {
    return "it has " + std::to_string(said.flows.size()) + " flows and " +
           std::to_string(said.labels.size()) + " labels, more than " +
           std::to_string(peer_limits::offers) + " pairs";
  }
  for (const auto& [name, form] : said.flows) {
    const auto known = forms_.find(name);
    if (known == forms_.end() || known->second == form) continue;
    return "it has another flow '" + name +
           "': " + detail::first_difference(known->second, form) +
           " ('here' is the supervisor)";
  }
  return {};
}

std::string gateway::reason_to_have_no_room(const wire::hello& said) const {
  if (workers_.size() >= peer_limits::workers) {
    return "there are " + std::to_string(workers_.size()) +
           " workers already, the maximum";
  }
  if (said.memory > peer_limits::hello_bytes_of_all - hello_memory_) {
    return "the labels and flows of all workers would take more than " +
           std::to_string(peer_limits::hello_bytes_of_all) + " bytes of memory";
  }
  return {};
}

void gateway::part_with(worker_place who, std::string why, bool is_final) {
  why = printable(why, line_breaks::joined, notice_limit::line_bytes);
  options_.notice("sends away the worker '" + who->second.said.name +
                  "': " + why);
  const auto to = who->second.to;
  // That of one which was called brings it back.
  if (!called_.contains(to.address())) unwatch(to);
  remove(who, parting::orderly);
  send(to, wire::dismiss{std::move(why), is_final});
}

// One event for each run, however much of its work that was.
void gateway::tell_of_loss(const std::string& name, const std::string& how,
                           const std::vector<work_id>& held) {
  std::map<detail::event_sink*, std::pair<order_ptr, std::size_t>> lost;
  for (const auto which : held) {
    const auto order = orders_.find(which);
    if (order == orders_.end() || !order->second->sink) continue;
    auto& of_run = lost[order->second->sink.get()];
    of_run.first = order->second;
    ++of_run.second;
  }
  for (const auto& [sink, of_run] : lost) {
    const auto& [order, count] = of_run;
    event warning;
    warning.kind = event_kind::warning;
    warning.at = timers_->now();
    warning.run = order->run_id.substr(0, order->run_id.find('/'));
    warning.node = order->node;
    warning.text =
        "lost the worker '" + name + "', which held " + std::to_string(count) +
        (count == 1 ? " piece" : " pieces") + " of the run's work: " +
        printable(how, line_breaks::joined, notice_limit::line_bytes) +
        "; other workers get it";
    sink->tell(std::move(warning));
  }
}

void gateway::remove(worker_place who, parting how) {
  const auto id = who->first;
  ids_.erase(who->second.to.address());
  hello_memory_ -= who->second.said.memory;
  topics_ -= who->second.topics.size();
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

}  // namespace troupe::remote
