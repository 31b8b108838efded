#include "sharing/service_desk.hpp"

#include "wire/peer_limits.hpp"

#include <troupe/detail/placed/error_form.hpp>

#include <string>

namespace troupe::remote {

service_desk::service_desk(caf::actor_config& config, detail::home& at,
                           detail::system_core& core,
                           std::shared_ptr<switchboard> board,
                           std::size_t message_max)
    : fiber_actor(config, at, core),
      board_(std::move(board)),
      message_max_(message_max) {}

void service_desk::on_fibers() {
  for (const auto& each : std::exchange(ready_, {})) finish(each);
}

void service_desk::on_stop(const caf::error&) noexcept {
  workers_.clear();
  gateway_ = {};
}

void service_desk::on(desk_message::call&& arrived) {
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

void service_desk::check_room(const caller& of, std::size_t memory) const {
  if (of.calls.size() >= peer_limits::calls) {
    throw error{errc::overloaded, "the worker has too many calls at once"};
  }
  const auto memory_max = peer_limits::kept_messages * message_max_;
  if (of.memory > 0 && of.memory + memory > memory_max) {
    throw error{errc::overloaded,
                "what the worker asks at once takes more than " +
                    std::to_string(memory_max) + " bytes of memory"};
  }
}

void service_desk::finish(place where) {
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
      throw error{errc::too_large, "an answer of " +
                                       std::to_string(made.body.size()) +
                                       " bytes is larger than message_max, " +
                                       std::to_string(message_max_)};
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

void service_desk::on(const desk_message::end_call& arrived) {
  const auto& ended = arrived.what;
  const auto known = workers_.find(arrived.worker);
  if (known == workers_.end()) return;
  const auto call = known->second.calls.extract(ended.number);
  if (call.empty()) return;
  known->second.memory -= call.mapped().memory;
  if (call.mapped().with) call.mapped().with->come_back(ended.note);
}

void service_desk::on(desk_message::worker_lost lost) {
  workers_.erase(lost.worker);
}

void service_desk::answer(std::uint64_t worker, wire::answer what) {
  send_to(gateway_, desk_message::answer{worker, std::move(what)}, context());
}

void service_desk::refuse(place where, const error& why) {
  wire::answer made;
  made.number = where.second;
  made.failure = detail::error_form(why);
  answer(where.first, std::move(made));
}

}  // namespace troupe::remote
