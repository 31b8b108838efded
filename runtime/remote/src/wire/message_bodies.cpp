#include "wire/messages.hpp"
#include "wire/row_reader.hpp"

#include <troupe/detail/node/flow_graph.hpp>
#include <troupe/detail/placed/error_form.hpp>
#include <troupe/detail/value/integer_from.hpp>

#include <algorithm>
#include <utility>

namespace troupe::remote::wire {

namespace {

json json_in(const bytes& body) {
  cbor_reader from{body};
  return from.next<json>();
}

json json_of(const std::optional<std::uint64_t>& number) {
  return number ? json(*number) : json{};
}

std::optional<std::uint64_t> number_in(const json& field) {
  if (field.is_null()) return {};
  return detail::integer_from<std::uint64_t>(field);
}

event_detail event_detail_in(int number) {
  if (number < 0 || number > static_cast<int>(event_detail::steps)) {
    throw error{errc::bad_value,
                "unknown detail of events: " + std::to_string(number)};
  }
  return static_cast<event_detail>(number);
}

}  // namespace

bytes encode(const detail::placed_work& what) {
  cbor_writer<bytes> to;
  add_row(to, what.flow->name, what.node, what.origin.run_id,
          what.origin.node_path, what.origin.step, what.params, what.seed,
          what.steps_max, json_of(what.retries_max),
          static_cast<int>(what.events), what.events_max, what.input,
          what.attempt, json_of(what.item),
          what.readable && !what.node.empty() ? what.readable->root() : value{},
          what.origin.is_durable);
  return to.take();
}

work_body decode_work(const bytes& body) {
  return checked("not a piece of work", [&] {
    cbor_reader all{body};
    row_reader from{all};
    work_body made;
    made.flow = from.next_path("the flow");
    made.node = from.next_path("the node");
    made.origin.run_id = from.next_path("the id of the run");
    made.origin.node_path = from.next_path("the node of the run");
    made.origin.step = from.next<std::uint64_t>();
    made.params = value{from.next<json>()};
    made.seed = from.next<std::uint64_t>();
    made.steps_max = from.next<std::uint64_t>();
    made.retries_max = number_in(from.next<json>());
    made.events = event_detail_in(from.next<int>());
    made.events_max = from.next<std::size_t>();
    made.input = from.next<json>();
    made.attempt = from.next<std::uint32_t>();
    made.item = number_in(from.next<json>());
    made.readable = from.next<json>();
    // Older supervisors do not say.
    if (!from.is_over()) made.origin.is_durable = from.next<bool>();
    return made;
  });
}

bytes encode(const detail::placed_result& what) {
  cbor_writer<bytes> to;
  add_row(to, what.was_cancelled,
          what.failure ? detail::error_form(*what.failure) : json{},
          what.output, what.action.name(), what.wrote.to_json(), what.retries);
  return to.take();
}

detail::placed_result decode_result(const bytes& body) {
  return checked("not a result", [&] {
    cbor_reader all{body};
    row_reader from{all};
    detail::placed_result made;
    made.was_cancelled = from.next<bool>();
    if (const auto failure = from.next<json>(); !failure.is_null()) {
      made.failure = detail::error_from(failure);
    }
    made.output = from.next<json>();
    made.action = action{from.next_path("the action")};
    made.wrote = delta::from_json(from.next<json>());
    // The sum of them stays in range.
    made.retries =
        std::min<std::uint64_t>(from.next<std::uint64_t>(), 1'000'000'000);
    return made;
  });
}

bytes encode(const state& what) {
  cbor_writer<bytes> to;
  to.add(what.root());
  return to.take();
}

state decode_state(const bytes& body) {
  return checked("not a state", [&] { return state{json_in(body)}; });
}

bytes encode_json(const json& what) {
  cbor_writer<bytes> to;
  to.add(what);
  return to.take();
}

json decode_json(const bytes& body) {
  return checked("not a value", [&] { return json_in(body); });
}

std::size_t memory_of(const bytes& body) {
  return checked("not a value",
                 [&] { return body.size() + cbor_reader{body}.skip(); });
}

}  // namespace troupe::remote::wire
