#pragma once

#include <troupe/detail/lease.hpp>
#include <troupe/detail/placed_work.hpp>
#include <troupe/json.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What supervisors and workers say to each other. A packet is a list of
/// messages in CBOR (RFC 8949), in the body of one CAF message of one string:
/// so the protocol is the same under every version of CAF, and its types need
/// no numbers there.
namespace troupe::remote::wire {

/// Grows when a message changes so that an older process would misread it.
inline constexpr int protocol = 1;

using bytes = std::vector<std::uint8_t>;
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
};
/// It lives, and holds these.
struct beat {
  std::vector<lease> held;
};
/// What came of a lease: a `result_body`.
struct done {
  lease which;
  bytes body;
};
/// Events of what is being done.
struct events {
  lease which;
  std::vector<json> all;
};
/// It takes nothing new.
struct leave {};

// -- from supervisors ---------------------------------------------------------

/// To a worker that was called: it is to say hello.
struct invite {};
/// The worker is in, and is to be heard of that often.
struct welcome {
  std::int64_t beat_ms = 500;
};
/// The worker counts no more. It may join again, unless it is `final`.
struct dismiss {
  std::string why;
  bool is_final = false;
};
/// A lease: a `work_body`, and the snapshot that goes with it, or 0.
struct give {
  lease which;
  bytes body;
  std::uint64_t snapshot = 0;
};
/// A state that leases refer to, in CBOR; before the first of them.
struct snapshot {
  std::uint64_t id = 0;
  bytes body;
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
/// The answer to a beat.
struct pulse {};

// -- from anybody -------------------------------------------------------------

struct ask_status {};
struct status {
  json report;
};

using message = std::variant<hello, beat, done, events, leave, invite, welcome,
                             dismiss, give, snapshot, forget, take_back, got,
                             pulse, ask_status, status>;

[[nodiscard]] std::string encode(std::vector<message> packet);
/// Errors: throws `errc::bad_value` for what is not a packet.
[[nodiscard]] std::vector<message> decode(std::string_view packet);

// -- bodies -------------------------------------------------------------------

/// What a worker needs to know of a `placed_work`.
struct work_body {
  std::string flow;
  std::string node;
  detail::work_origin origin;
  value params;
  std::uint64_t seed = 0;
  std::uint64_t steps_max = 1;
  event_detail events = event_detail::nothing;
  json input;
  std::uint32_t attempt = 0;
  std::optional<std::size_t> item = {};
  /// What an attempt may read; a sub-flow has a snapshot.
  json readable;
};

[[nodiscard]] bytes encode(const detail::placed_work& what);
[[nodiscard]] work_body decode_work(const bytes& body);
[[nodiscard]] bytes encode(const detail::placed_result& what);
[[nodiscard]] detail::placed_result decode_result(const bytes& body);
[[nodiscard]] bytes encode(const state& what);
[[nodiscard]] state decode_state(const bytes& body);

}  // namespace troupe::remote::wire
