#include "sharing/call_server.hpp"

#include "wire/peer_limits.hpp"

#include <troupe/detail/placed/error_form.hpp>

#include <string>

namespace troupe::remote {

call_server::call_server(caf::actor_config& config, detail::home& at,
                         detail::system_core& core,
                         std::shared_ptr<shared_registry> board,
                         std::size_t message_max)
    : fiber_actor(config, at, core),
      board_(std::move(board)),
      message_max_(message_max) {}

void call_server::on_fibers() {
  for (const auto& each : std::exchange(ready_, {})) finish(each);
}

void call_server::on_stop(const caf::error&) noexcept {
  workers_.clear();
  gateway_ = {};
}

void call_server::on(call_server_message::call&& arrived) {
  const auto worker = arrived.worker;
  const auto& asked = arrived.what;
  const place where{worker, asked.number};
  auto& from = workers_[worker];
  if (from.calls.contains(asked.number)) return;
  try {
    const auto memory = wire::memory_of(asked.body);
    check_room(from, memory);
    auto service = board_->find(asked.service, asked.name);
    if (!service) {
      throw error{errc::request_failed, "the supervisor's process has no " +
                                            asked.service + " '" + asked.name +
                                            "'"};
    }
    auto work = service->serve(wire::decode_json(asked.body));
    auto& call =
        from.calls.try_emplace(asked.number, *this, where).first->second;
    call.service = std::move(service);
    call.work = std::move(work);
    call.memory = memory;
    from.memory += memory;
    if (call.work.start(*this, &call)) finish(where);
  } catch (...) {
    refuse(where, error::from(std::current_exception()));
  }
}

void call_server::check_room(const caller& of, std::size_t memory) const {
  if (of.calls.size() >= peer_limits::calls) {
    throw error{errc::overloaded, "the worker has too many calls at once"};
  }
  const auto memory_max = peer_limits::kept_messages * message_max_;
  if (of.memory > 0 && of.memory + memory > memory_max) {
    throw error{errc::overloaded, "the calls of the worker take more than " +
                                      std::to_string(memory_max) +
                                      " bytes of memory at once"};
  }
}

void call_server::finish(place where) {
  const auto known = workers_.find(where.first);
  if (known == workers_.end()) return;
  auto& from = known->second;
  const auto at = from.calls.find(where.second);
  if (at == from.calls.end() || !at->second.work.done()) return;
  from.memory -= std::exchange(at->second.memory, 0);
  wire::answer made;
  made.number = where.second;
  try {
    auto got = at->second.work.take();
    made.body = wire::encode_json(got.body);
    if (made.body.size() > message_max_) {
      throw error{errc::too_large,
                  "an answer of " + std::to_string(made.body.size()) +
                      " bytes is larger than message_max (" +
                      std::to_string(message_max_) + " bytes)"};
    }
    made.is_lent = got.with != nullptr;
    at->second.with = std::move(got.with);
  } catch (...) {
    made.failure = detail::error_form(error::from(std::current_exception()));
    made.body.clear();
  }
  at->second.work.reset();
  if (!made.is_lent) from.calls.erase(at);
  answer(where.first, std::move(made));
}

void call_server::on(const call_server_message::end_call& arrived) {
  const auto& ended = arrived.what;
  const auto known = workers_.find(arrived.worker);
  if (known == workers_.end()) return;
  const auto call = known->second.calls.extract(ended.number);
  if (call.empty()) return;
  known->second.memory -= call.mapped().memory;
  if (call.mapped().with) call.mapped().with->come_back(ended.note);
}

void call_server::on(call_server_message::worker_lost lost) {
  workers_.erase(lost.worker);
}

void call_server::answer(std::uint64_t worker, wire::answer what) {
  send_to(gateway_, call_server_message::answer{worker, std::move(what)},
          context());
}

void call_server::refuse(place where, const error& why) {
  wire::answer made;
  made.number = where.second;
  made.failure = detail::error_form(why);
  answer(where.first, std::move(made));
}

}  // namespace troupe::remote
