#pragma once

#include "leases/lease.hpp"
#include "wire/cbor.hpp"

#include <troupe/detail/placed/placed_work.hpp>
#include <troupe/json.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The messages between supervisors and workers. A packet is messages one after
/// the other in CBOR (RFC 8949), in the body of one CAF message of one string:
/// so the protocol is the same under every version of CAF, and its types need
/// no numbers there.
namespace troupe::remote::wire {

/// Grows when a message changes so that an older process would misread it.
inline constexpr int protocol = 2;

/// A packet takes in nothing more beyond it. Memory below 128 KB is kept by the
/// allocator.
inline constexpr std::size_t packet_size = 32 * 1024;

/// One body that goes to several.
using shared_bytes = std::shared_ptr<const bytes>;
using detail::lease;

// -- from workers -------------------------------------------------------------

/// A worker joins.
struct hello {
  int protocol = wire::protocol;
  std::string name;
  /// The version of the library.
  std::string troupe;
  std::size_t capacity = 1;
  std::set<std::string> labels;
  /// The forms of the flows of which it does something.
  std::map<std::string, json> flows;
  /// About how much memory this takes; not sent.
  std::size_t memory = 0;
};
/// It lives, and holds these.
struct beat {
  std::vector<lease> held;
  /// The time in the last `pulse` that it heard, or 0.
  std::int64_t as_of = 0;
};
/// The result of a lease: a `result_body`.
struct done {
  lease which;
  shared_bytes body;
};
/// Events of what is being done.
struct events {
  lease which;
  /// An `event_form` each, in CBOR.
  std::vector<bytes> all;
  /// The number of events dropped before these.
  std::size_t dropped = 0;
};
/// It takes nothing new.
struct leave {};
/// It asks for something that the supervisor's process shares by name.
struct call {
  std::uint64_t number = 0;
  /// The kind of what is asked, and its name.
  std::string service;
  std::string name;
  /// In CBOR.
  bytes body;
};
/// The end of a call: nobody waits for it any more, or what was lent with the
/// answer comes back. `note` is null for what was never used.
struct end_call {
  std::uint64_t number = 0;
  json note;
};
/// A worker's word that it hears a topic from now on, or no longer.
struct tune {
  std::string topic;
  bool is_heard = false;
};

// -- from supervisors ---------------------------------------------------------

/// To a worker that was called: it is to say hello.
struct invite {};
/// The worker is in, and is to be heard of that often.
struct welcome {
  std::int64_t beat_ms = 500;
};
/// The worker counts no more. It may join again: soon, or if it is final
/// after a while, when the other side may be another one.
struct dismiss {
  std::string why;
  bool is_final = false;
};
/// A lease: a `work_body`, and the snapshot that goes with it, or 0.
struct give {
  lease which;
  shared_bytes body;
  std::uint64_t snapshot = 0;
};
/// A state that leases refer to, in CBOR; before the first of them.
struct snapshot {
  std::uint64_t id = 0;
  shared_bytes body;
};
/// No more leases refer to it.
struct forget {
  std::uint64_t id = 0;
};
struct take_back {
  lease which;
};
/// The result of a lease came, or is not wanted.
struct got {
  lease which;
};
/// The answer to a beat, and when it was given, by the supervisor's clock.
struct pulse {
  std::int64_t at = 0;
};
/// So many messages with events have been taken in.
struct events_heard {
  std::uint64_t count = 0;
};
/// The result of a call. If something is lent with it, `end_call` follows.
struct answer {
  std::uint64_t number = 0;
  /// An `error_form`, or null.
  json failure;
  bytes body;
  bool is_lent = false;
};

// -- from anybody -------------------------------------------------------------

struct ask_status {};
struct status {
  json report;
};
/// A message of a topic: a value, in CBOR.
struct news {
  std::string topic;
  bytes body;
  /// The number of messages dropped since the last one of this topic.
  std::uint64_t missed = 0;
};
/// So many messages of topics have been taken in. From a worker, none: it
/// lives, but all its threads are in user code, so that its link cannot speak.
/// Those that do not know that take it as a sign of life.
struct heard {
  static constexpr std::uint64_t only_lives = 0;
  std::uint64_t count = 0;
};

using message = std::variant<hello, beat, done, events, leave, invite, welcome,
                             dismiss, give, snapshot, forget, take_back, got,
                             pulse, ask_status, status, call, end_call, answer,
                             tune, news, heard, events_heard>;

[[nodiscard]] std::string encode(const message& one);
/// In as many packets as it takes. What is small goes together, which saves
/// most of what a message of CAF costs; a large one does not wait for others,
/// nor they for it, and its memory can be had again.
[[nodiscard]] std::vector<std::string> encode(const std::vector<message>& all);
/// Errors: throws `errc::bad_value` for what is not a packet, and for one that
/// has more of something than `peer_limits` allow.
[[nodiscard]] std::vector<message> decode(std::string_view packet);

// -- bodies -------------------------------------------------------------------

/// The part of a `placed_work` that a worker needs to know.
struct work_body {
  std::string flow;
  std::string node;
  detail::work_origin origin;
  value params;
  std::uint64_t seed = 0;
  std::uint64_t steps_max = 1;
  std::optional<std::uint64_t> retries_max = {};
  event_detail events = event_detail::nothing;
  std::size_t events_max = 1;
  json input;
  std::uint32_t attempt = 0;
  std::optional<std::size_t> item = {};
  /// The state that an attempt may read; a sub-flow has a snapshot.
  json readable;
};

[[nodiscard]] bytes encode(const detail::placed_work& what);
[[nodiscard]] work_body decode_work(const bytes& body);
[[nodiscard]] bytes encode(const detail::placed_result& what);
[[nodiscard]] detail::placed_result decode_result(const bytes& body);
[[nodiscard]] bytes encode(const state& what);
[[nodiscard]] state decode_state(const bytes& body);
/// Encodes the content of calls and topics.
[[nodiscard]] bytes encode_json(const json& what);
[[nodiscard]] json decode_json(const bytes& body);
/// About how much memory `decode_json` would take for it.
/// Errors: throws `errc::bad_value` as that would.
[[nodiscard]] std::size_t memory_of(const bytes& body);

}  // namespace troupe::remote::wire
