#include "messages.hpp"

#include <troupe/detail/error_form.hpp>
#include <troupe/detail/flow_model.hpp>
#include <troupe/detail/integer_from.hpp>

#include <utility>

namespace troupe::remote::wire {

namespace {

/// Writes a list of values.
template <class Out, class... Ts>
void add_row(cbor_writer<Out>& to, const Ts&... fields) {
  to.list(sizeof...(fields));
  (to.add(fields), ...);
}

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

/// Writes a message: a list of its number, which is its position in the
/// variant, and its fields.
struct fields_of {
  cbor_writer<std::string>& to;
  std::size_t number;

  void operator()(const hello& m) const {
    row(m.protocol, m.name, m.troupe, m.capacity, m.labels, m.flows);
  }
  void operator()(const beat& m) const {
    std::vector<std::uint64_t> held;
    for (const auto& each : m.held) {
      held.push_back(work(each));
      held.push_back(each.epoch);
    }
    row(held, m.as_of);
  }
  void operator()(const done& m) const {
    row(work(m.which), m.which.epoch, *m.body);
  }
  void operator()(const events& m) const {
    row(work(m.which), m.which.epoch, m.all, m.dropped);
  }
  void operator()(const leave&) const { row(); }
  void operator()(const invite&) const { row(); }
  void operator()(const welcome& m) const { row(m.beat_ms); }
  void operator()(const dismiss& m) const { row(m.why, m.is_final); }
  void operator()(const give& m) const {
    row(work(m.which), m.which.epoch, *m.body, m.snapshot);
  }
  void operator()(const snapshot& m) const { row(m.id, *m.body); }
  void operator()(const forget& m) const { row(m.id); }
  void operator()(const take_back& m) const {
    row(work(m.which), m.which.epoch);
  }
  void operator()(const got& m) const { row(work(m.which), m.which.epoch); }
  void operator()(const pulse& m) const { row(m.at); }
  void operator()(const events_heard& m) const { row(m.count); }
  void operator()(const ask_status&) const { row(); }
  void operator()(const status& m) const { row(m.report); }
  void operator()(const call& m) const {
    row(m.number, m.service, m.name, m.body);
  }
  void operator()(const end_call& m) const { row(m.number, m.note); }
  void operator()(const answer& m) const {
    row(m.number, m.failure, m.body, m.is_lent);
  }
  void operator()(const tune& m) const { row(m.topic, m.is_heard); }
  void operator()(const news& m) const { row(m.topic, m.body, m.missed); }
  void operator()(const heard& m) const { row(m.count); }

  template <class... Ts>
  void row(const Ts&... fields) const {
    add_row(to, number, fields...);
  }
  static std::uint64_t work(const lease& from) {
    return static_cast<std::uint64_t>(from.work);
  }
};

/// Reads the elements of one list, in order. What is there beyond them is of a
/// later version and is passed over.
class reader {
 public:
  explicit reader(cbor_reader& from) : from_(from), left_(from.list()) {}

  template <class T>
  T next() {
    if (left_ == 0) throw error{errc::bad_value, "it is too short"};
    --left_;
    return from_.template next<T>();
  }
  lease next_lease() {
    const auto work = next<std::uint64_t>();
    return {detail::work_id{work}, next<std::uint32_t>()};
  }
  shared_bytes next_shared() {
    return std::make_shared<const bytes>(next<bytes>());
  }
  void pass_rest() {
    for (; left_ > 0; --left_) from_.skip();
  }

 private:
  cbor_reader& from_;
  std::size_t left_;
};

void read(reader& from, hello& m) {
  m.protocol = from.next<int>();
  // What follows may mean something else to another protocol.
  if (m.protocol != protocol) return;
  m.name = from.next<std::string>();
  m.troupe = from.next<std::string>();
  m.capacity = from.next<std::size_t>();
  m.labels = from.next<std::set<std::string>>();
  m.flows = from.next<std::map<std::string, json>>();
  // People are shown these as JSON, which throws for text that is not UTF-8.
  const json shown = json::array({m.name, m.troupe, m.labels, m.flows});
  static_cast<void>(shown.dump());
}
void read(reader& from, beat& m) {
  const auto held = from.next<std::vector<std::uint64_t>>();
  for (std::size_t i = 0; i + 1 < held.size(); i += 2) {
    m.held.push_back(
        {detail::work_id{held[i]}, static_cast<std::uint32_t>(held[i + 1])});
  }
  m.as_of = from.next<std::int64_t>();
}
void read(reader& from, done& m) {
  m.which = from.next_lease();
  m.body = from.next_shared();
}
void read(reader& from, events& m) {
  m.which = from.next_lease();
  m.all = from.next<std::vector<bytes>>();
  m.dropped = from.next<std::size_t>();
}
void read(reader&, leave&) {}
void read(reader&, invite&) {}
void read(reader& from, welcome& m) { m.beat_ms = from.next<std::int64_t>(); }
void read(reader& from, dismiss& m) {
  m.why = from.next<std::string>();
  m.is_final = from.next<bool>();
}
void read(reader& from, give& m) {
  m.which = from.next_lease();
  m.body = from.next_shared();
  m.snapshot = from.next<std::uint64_t>();
}
void read(reader& from, snapshot& m) {
  m.id = from.next<std::uint64_t>();
  m.body = from.next_shared();
}
void read(reader& from, forget& m) { m.id = from.next<std::uint64_t>(); }
void read(reader& from, take_back& m) { m.which = from.next_lease(); }
void read(reader& from, got& m) { m.which = from.next_lease(); }
void read(reader& from, pulse& m) { m.at = from.next<std::int64_t>(); }
void read(reader& from, events_heard& m) {
  m.count = from.next<std::uint64_t>();
}
void read(reader&, ask_status&) {}
void read(reader& from, status& m) { m.report = from.next<json>(); }
void read(reader& from, call& m) {
  m.number = from.next<std::uint64_t>();
  m.service = from.next<std::string>();
  m.name = from.next<std::string>();
  m.body = from.next<bytes>();
}
void read(reader& from, end_call& m) {
  m.number = from.next<std::uint64_t>();
  m.note = from.next<json>();
}
void read(reader& from, answer& m) {
  m.number = from.next<std::uint64_t>();
  m.failure = from.next<json>();
  m.body = from.next<bytes>();
  m.is_lent = from.next<bool>();
}
void read(reader& from, tune& m) {
  m.topic = from.next<std::string>();
  m.is_heard = from.next<bool>();
}
void read(reader& from, news& m) {
  m.topic = from.next<std::string>();
  m.body = from.next<bytes>();
  m.missed = from.next<std::uint64_t>();
}
void read(reader& from, heard& m) { m.count = from.next<std::uint64_t>(); }

template <std::size_t I = 0>
message read_message(std::size_t number, reader& from) {
  if constexpr (I == std::variant_size_v<message>) {
    throw error{errc::bad_value,
                "a message of an unknown kind, " + std::to_string(number)};
  } else {
    if (number != I) return read_message<I + 1>(number, from);
    std::variant_alternative_t<I, message> made;
    read(from, made);
    return made;
  }
}

// What a peer sends may be anything, so every way in which it is not what it
// should be ends here.
template <class F>
auto checked(const char* what, F read) {
  try {
    return read();
  } catch (const error& why) {
    throw error{errc::bad_value, std::string{what} + ": " + why.message()};
  } catch (const json::exception& why) {
    throw error{errc::bad_value, std::string{what} + ": " + why.what()};
  }
}

}  // namespace

std::string encode(const message& one) {
  cbor_writer<std::string> to;
  std::visit(fields_of{to, one.index()}, one);
  return to.take();
}

std::vector<std::string> encode(const std::vector<message>& all) {
  std::vector<std::string> packets;
  cbor_writer<std::string> to;
  for (const auto& each : all) {
    std::visit(fields_of{to, each.index()}, each);
    if (to.size() >= packet_size) packets.push_back(to.take());
  }
  if (to.size() > 0) packets.push_back(to.take());
  return packets;
}

std::vector<message> decode(std::string_view packet) {
  return checked("not a packet", [&] {
    cbor_reader all{packet};
    std::vector<message> made;
    while (!all.at_end()) {
      reader from{all};
      made.push_back(read_message(from.next<std::size_t>(), from));
      from.pass_rest();
    }
    return made;
  });
}

// -- bodies -------------------------------------------------------------------

bytes encode(const detail::placed_work& what) {
  cbor_writer<bytes> to;
  add_row(
      to, what.flow->name, what.node, what.origin.run_id, what.origin.node_path,
      what.origin.step, what.params, what.seed, what.steps_max,
      json_of(what.retries_max), static_cast<int>(what.events), what.events_max,
      what.input, what.attempt, json_of(what.item),
      what.readable && !what.node.empty() ? what.readable->root() : value{});
  return to.take();
}

work_body decode_work(const bytes& body) {
  return checked("not a piece of work", [&] {
    cbor_reader all{body};
    reader from{all};
    work_body made;
    made.flow = from.next<std::string>();
    made.node = from.next<std::string>();
    made.origin.run_id = from.next<std::string>();
    made.origin.node_path = from.next<std::string>();
    made.origin.step = from.next<std::uint64_t>();
    made.params = value{from.next<json>()};
    made.seed = from.next<std::uint64_t>();
    made.steps_max = from.next<std::uint64_t>();
    made.retries_max = number_in(from.next<json>());
    made.events = static_cast<event_detail>(from.next<int>());
    made.events_max = from.next<std::size_t>();
    made.input = from.next<json>();
    made.attempt = from.next<std::uint32_t>();
    made.item = number_in(from.next<json>());
    made.readable = from.next<json>();
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
    reader from{all};
    detail::placed_result made;
    made.was_cancelled = from.next<bool>();
    if (const auto failure = from.next<json>(); !failure.is_null()) {
      made.failure = detail::error_from(failure);
    }
    made.output = from.next<json>();
    made.action = action{from.next<std::string>()};
    made.wrote = delta::from_json(from.next<json>());
    made.retries = from.next<std::uint64_t>();
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

}  // namespace troupe::remote::wire
