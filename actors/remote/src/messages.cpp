#include "messages.hpp"

#include <troupe/detail/error_form.hpp>
#include <troupe/detail/flow_model.hpp>

#include <type_traits>
#include <utility>

namespace troupe::remote::wire {

namespace {

// The number of a message is its position in the variant.
template <class T, std::size_t I = 0>
constexpr std::size_t number_of() {
  if constexpr (std::is_same_v<std::variant_alternative_t<I, message>, T>) {
    return I;
  } else {
    return number_of<T, I + 1>();
  }
}

json list() { return json::array(); }

template <class... Ts>
json row(Ts&&... fields) {
  json made = json::array();
  (made.push_back(std::forward<Ts>(fields)), ...);
  return made;
}

json form(bytes&& body) { return json::binary(std::move(body)); }

struct fields_of {
  json operator()(hello& m) const {
    return row(m.protocol, std::move(m.name), std::move(m.troupe), m.capacity,
               std::move(m.labels), std::move(m.flows));
  }
  json operator()(beat& m) const {
    json held = list();
    for (const auto& each : m.held) {
      held.push_back(static_cast<std::uint64_t>(each.work));
      held.push_back(each.epoch);
    }
    return row(std::move(held));
  }
  json operator()(done& m) const {
    return row(work(m.which), m.which.epoch, form(std::move(m.body)));
  }
  json operator()(events& m) const {
    return row(work(m.which), m.which.epoch, std::move(m.all));
  }
  json operator()(leave&) const { return list(); }
  json operator()(invite&) const { return list(); }
  json operator()(welcome& m) const { return row(m.beat_ms); }
  json operator()(dismiss& m) const {
    return row(std::move(m.why), m.is_final);
  }
  json operator()(give& m) const {
    return row(work(m.which), m.which.epoch, form(std::move(m.body)),
               m.snapshot);
  }
  json operator()(snapshot& m) const {
    return row(m.id, form(std::move(m.body)));
  }
  json operator()(forget& m) const { return row(m.id); }
  json operator()(take_back& m) const {
    return row(work(m.which), m.which.epoch);
  }
  json operator()(got& m) const { return row(work(m.which), m.which.epoch); }
  json operator()(pulse&) const { return list(); }
  json operator()(ask_status&) const { return list(); }
  json operator()(status& m) const { return row(std::move(m.report)); }

  static std::uint64_t work(const lease& from) {
    return static_cast<std::uint64_t>(from.work);
  }
};

/// Reads the fields of one message, in order. What is there beyond them is of
/// a later version and is passed over.
class reader {
 public:
  explicit reader(json& fields) : fields_(fields) {}

  template <class T>
  T next() {
    auto& field = fields_.at(at_++);
    if constexpr (std::is_same_v<T, json>) {
      return std::move(field);
    } else if constexpr (std::is_same_v<T, bytes>) {
      return std::move(static_cast<bytes&>(field.get_binary()));
    } else {
      return field.template get<T>();
    }
  }
  lease next_lease() {
    const auto work = next<std::uint64_t>();
    return {detail::work_id{work}, next<std::uint32_t>()};
  }

 private:
  json& fields_;
  // After the number of the message.
  std::size_t at_ = 1;
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
}
void read(reader& from, beat& m) {
  const auto held = from.next<std::vector<std::uint64_t>>();
  for (std::size_t i = 0; i + 1 < held.size(); i += 2) {
    m.held.push_back(
        {detail::work_id{held[i]}, static_cast<std::uint32_t>(held[i + 1])});
  }
}
void read(reader& from, done& m) {
  m.which = from.next_lease();
  m.body = from.next<bytes>();
}
void read(reader& from, events& m) {
  m.which = from.next_lease();
  m.all = from.next<std::vector<json>>();
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
  m.body = from.next<bytes>();
  m.snapshot = from.next<std::uint64_t>();
}
void read(reader& from, snapshot& m) {
  m.id = from.next<std::uint64_t>();
  m.body = from.next<bytes>();
}
void read(reader& from, forget& m) { m.id = from.next<std::uint64_t>(); }
void read(reader& from, take_back& m) { m.which = from.next_lease(); }
void read(reader& from, got& m) { m.which = from.next_lease(); }
void read(reader&, pulse&) {}
void read(reader&, ask_status&) {}
void read(reader& from, status& m) { m.report = from.next<json>(); }

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
  } catch (const json::exception& why) {
    throw error{errc::bad_value, std::string{what} + ": " + why.what()};
  }
}

}  // namespace

std::string encode(std::vector<message> packet) {
  json all = list();
  for (auto& each : packet) {
    auto fields = std::visit(fields_of{}, each);
    fields.insert(fields.begin(), each.index());
    all.push_back(std::move(fields));
  }
  std::string made;
  json::to_cbor(all, made);
  return made;
}

std::vector<message> decode(std::string_view packet) {
  return checked("not a packet", [&] {
    auto all = json::from_cbor(packet);
    std::vector<message> made;
    made.reserve(all.size());
    for (auto& each : all) {
      reader from{each};
      made.push_back(read_message(each.at(0).get<std::size_t>(), from));
    }
    return made;
  });
}

// -- bodies -------------------------------------------------------------------

bytes encode(const detail::placed_work& what) {
  return json::to_cbor(row(
      what.flow->name, what.node, what.origin.run_id, what.origin.node_path,
      what.origin.step, what.params.to_json(), what.seed, what.steps_max,
      static_cast<int>(what.events), what.input, what.attempt,
      what.item ? json(*what.item) : json{},
      what.readable && !what.node.empty() ? what.readable->to_json() : json{}));
}

work_body decode_work(const bytes& body) {
  return checked("not a piece of work", [&] {
    auto form = json::from_cbor(body);
    form.insert(form.begin(), nullptr);
    reader from{form};
    work_body made;
    made.flow = from.next<std::string>();
    made.node = from.next<std::string>();
    made.origin.run_id = from.next<std::string>();
    made.origin.node_path = from.next<std::string>();
    made.origin.step = from.next<std::uint64_t>();
    made.params = value{from.next<json>()};
    made.seed = from.next<std::uint64_t>();
    made.steps_max = from.next<std::uint64_t>();
    made.events = static_cast<event_detail>(from.next<int>());
    made.input = from.next<json>();
    made.attempt = from.next<std::uint32_t>();
    if (const auto item = from.next<json>(); !item.is_null()) {
      made.item = item.get<std::size_t>();
    }
    made.readable = from.next<json>();
    return made;
  });
}

bytes encode(const detail::placed_result& what) {
  return json::to_cbor(
      row(what.was_cancelled,
          what.failure ? detail::error_form(*what.failure) : json{},
          what.output, std::string{what.action.name()}, what.wrote.to_json()));
}

detail::placed_result decode_result(const bytes& body) {
  return checked("not a result", [&] {
    auto form = json::from_cbor(body);
    form.insert(form.begin(), nullptr);
    reader from{form};
    detail::placed_result made;
    made.was_cancelled = from.next<bool>();
    if (const auto failure = from.next<json>(); !failure.is_null()) {
      made.failure = detail::error_from(failure);
    }
    made.output = from.next<json>();
    made.action = action{from.next<std::string>()};
    made.wrote = delta::from_json(from.next<json>());
    return made;
  });
}

bytes encode(const state& what) { return json::to_cbor(what.to_json()); }

state decode_state(const bytes& body) {
  return checked("not a state", [&] { return state{json::from_cbor(body)}; });
}

}  // namespace troupe::remote::wire
