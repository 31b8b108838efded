#include "wire/messages.hpp"

#include "wire/peer_limits.hpp"
#include "wire/row_reader.hpp"

#include <troupe/json_text.hpp>

#include <utility>

namespace troupe::remote::wire {

namespace {

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

void read_labels(cbor_reader& from, hello& m) {
  auto left = from.list_within(peer_limits::labels, "labels");
  for (; left > 0; --left) {
    auto label = name_in(from, "a label");
    m.memory += 2 * sizeof(std::string) + label.size();
    m.labels.insert(std::move(label));
  }
}

void read_flows(cbor_reader& from, hello& m) {
  auto ahead = from;
  m.memory += ahead.skip() + from.left() - ahead.left();
  if (m.memory > peer_limits::hello_bytes) {
    throw error{errc::bad_value, "its flows take " + std::to_string(m.memory) +
                                     " bytes of memory, more than " +
                                     std::to_string(peer_limits::hello_bytes)};
  }
  auto left = from.members_within(peer_limits::flows, "flows");
  for (; left > 0; --left) {
    auto name = name_in(from, "a flow");
    auto form = from.next<json>();
    // People are shown these as JSON, which refuses text that is not UTF-8.
    static_cast<void>(write_json(form));
    m.flows.insert_or_assign(std::move(name), std::move(form));
  }
}

void read(row_reader& from, hello& m) {
  m.protocol = from.next<int>();
  // The other fields may mean something else in another protocol.
  if (m.protocol != protocol) return;
  m.name = from.next_name("a worker");
  m.troupe = from.next_name("a version");
  m.capacity = from.next<std::size_t>();
  read_labels(from.take(), m);
  read_flows(from.take(), m);
}
void read(row_reader& from, beat& m) {
  auto& row = from.take();
  const auto size =
      row.list_within(2 * peer_limits::leases, "numbers of leases in a beat");
  if (size % 2 != 0) throw error{errc::bad_value, "a lease has no epoch"};
  m.held.reserve(size / 2);
  for (auto left = size / 2; left > 0; --left) {
    const auto work = row.next<std::uint64_t>();
    m.held.push_back({detail::work_id{work}, row.next<std::uint32_t>()});
  }
  m.as_of = from.next<std::int64_t>();
}
void read(row_reader& from, done& m) {
  m.which = from.next_lease();
  m.body = from.next_shared();
}
void read(row_reader& from, events& m) {
  m.which = from.next_lease();
  auto& row = from.take();
  auto left = row.list_within(peer_limits::events, "events in one message");
  for (m.all.reserve(left); left > 0; --left) {
    m.all.push_back(row.next<bytes>());
  }
  m.dropped = from.next<std::size_t>();
}
void read(row_reader&, leave&) {}
void read(row_reader&, invite&) {}
void read(row_reader& from, welcome& m) {
  m.beat_ms = from.next<std::int64_t>();
}
void read(row_reader& from, dismiss& m) {
  m.why = from.next_path("the reason");
  m.is_final = from.next<bool>();
}
void read(row_reader& from, give& m) {
  m.which = from.next_lease();
  m.body = from.next_shared();
  m.snapshot = from.next<std::uint64_t>();
}
void read(row_reader& from, snapshot& m) {
  m.id = from.next<std::uint64_t>();
  m.body = from.next_shared();
}
void read(row_reader& from, forget& m) { m.id = from.next<std::uint64_t>(); }
void read(row_reader& from, take_back& m) { m.which = from.next_lease(); }
void read(row_reader& from, got& m) { m.which = from.next_lease(); }
void read(row_reader& from, pulse& m) { m.at = from.next<std::int64_t>(); }
void read(row_reader& from, events_heard& m) {
  m.count = from.next<std::uint64_t>();
}
void read(row_reader&, ask_status&) {}
void read(row_reader& from, status& m) { m.report = from.next<json>(); }
void read(row_reader& from, call& m) {
  m.number = from.next<std::uint64_t>();
  m.service = from.next_name("a service");
  m.name = from.next_name("what is shared");
  m.body = from.next<bytes>();
}
void read(row_reader& from, end_call& m) {
  m.number = from.next<std::uint64_t>();
  m.note = from.next<json>();
}
void read(row_reader& from, answer& m) {
  m.number = from.next<std::uint64_t>();
  m.failure = from.next<json>();
  m.body = from.next<bytes>();
  m.is_lent = from.next<bool>();
}
void read(row_reader& from, tune& m) {
  m.topic = from.next_name("a topic");
  m.is_heard = from.next<bool>();
}
void read(row_reader& from, news& m) {
  m.topic = from.next_name("a topic");
  m.body = from.next<bytes>();
  m.missed = from.next<std::uint64_t>();
}
void read(row_reader& from, heard& m) { m.count = from.next<std::uint64_t>(); }

template <std::size_t I = 0>
message read_message(std::size_t number, row_reader& from) {
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
      if (made.size() == peer_limits::messages) {
        throw error{errc::bad_value, "it has more than " +
                                         std::to_string(peer_limits::messages) +
                                         " messages"};
      }
      row_reader from{all};
      made.push_back(read_message(from.next<std::size_t>(), from));
      from.pass_rest();
    }
    return made;
  });
}

}  // namespace troupe::remote::wire
