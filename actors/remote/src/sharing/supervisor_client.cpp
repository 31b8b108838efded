#include "sharing/supervisor_client.hpp"

namespace troupe::remote {

// -- borrowed -----------------------------------------------------------------

borrowed& borrowed::operator=(borrowed&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  line_ = std::move(other.line_);
  number_ = other.number_;
  note_ = std::move(other.note_);
  return *this;
}

void borrowed::give_back() noexcept {
  if (const auto line = std::exchange(line_, nullptr)) {
    line->end({number_, std::move(note_)});
  }
}

// -- orders -------------------------------------------------------------------

call_order::call_order(std::shared_ptr<supervisor_client> from,
                       std::uint64_t of_number, detail::waker who,
                       wire::call asked) noexcept
    : number(of_number),
      what(std::move(asked)),
      line_(std::move(from)),
      who_(std::move(who)) {}

call_order::~call_order() {
  if (who_.target) fail(errc::request_failed, "the worker has ended");
}

void call_order::answer(call_result result) {
  const auto who = std::exchange(who_, {});
  if (!who.target) return;
  who(caf::make_counted<detail::answer_of<call_result>>(std::move(result)));
}

void call_order::fail(errc code, std::string why) {
  call_result failed;
  failed.failure.emplace(code, std::move(why));
  answer(std::move(failed));
}

borrowed call_order::lend() const { return {line_, number}; }

// -- the line -----------------------------------------------------------------

std::uint64_t supervisor_client::call(wire::call what, detail::waker who) {
  if (what.body.size() > message_max_) {
    throw error{errc::too_large, "a call of " +
                                     std::to_string(what.body.size()) +
                                     " bytes is larger than message_max (" +
                                     std::to_string(message_max_) + " bytes)"};
  }
  const auto number = last_.fetch_add(1) + 1;
  what.number = number;
  send_to(link_,
          call_message::call{caf::make_counted<call_order>(
              shared_from_this(), number, std::move(who), std::move(what))});
  return number;
}

void supervisor_client::end(wire::end_call what) noexcept {
  send_to(link_, call_message::end{std::move(what)});
}

// -- waiting ------------------------------------------------------------------

remote_call::remote_call(std::shared_ptr<supervisor_client> line,
                         std::string service, std::string name,
                         const json& body)
    : line_(std::move(line)) {
  what_.service = std::move(service);
  what_.name = std::move(name);
  what_.body = wire::encode_json(body);
}

remote_call::~remote_call() {
  if (host() != nullptr && number_ != 0) line_->end({number_, nullptr});
}

void remote_call::begin(detail::fiber_owner& host, detail::wake_key key) {
  auto& owner = detail::fiber_actor::of(host, "ask a supervisor");
  number_ = line_->call(std::move(what_), owner.waker_for(key));
}

void remote_call::receive(void* answer) {
  result_ = std::move(*static_cast<call_result*>(answer));
}

remote_call::reply remote_call::await_resume() {
  if (result_.failure) throw error{*result_.failure};
  reply got;
  got.with = std::move(result_.with);
  got.body = wire::decode_json(result_.body);
  return got;
}

}  // namespace troupe::remote
