#pragma once

#include <cstddef>
#include <string_view>

/// The limits of what one process lets another one have. Those who keep to the
/// protocol stay far below; who goes beyond is parted with, and a notice says
/// of what it had too much.
namespace troupe::remote::peer_limits {

/// Bytes of the name of a worker, label, flow, topic, service or key of what
/// is shared.
inline constexpr std::size_t name_bytes = 256;
/// Bytes of the key of a keyed actor.
inline constexpr std::size_t key_bytes = 1024;
/// Bytes of the place of a node within its flows.
inline constexpr std::size_t path_bytes = std::size_t{64} << 10;

/// Messages in one packet.
inline constexpr std::size_t messages = std::size_t{32} << 10;
/// Pieces of work that a worker does at once.
inline constexpr std::size_t capacity = 100'000;
/// Leases that a worker has finished and of which the supervisor has not said
/// that it got the results.
inline constexpr std::size_t finished = 100'000;
/// Leases that a worker says it holds.
inline constexpr std::size_t leases = capacity + finished;
/// Leases that are taken back upon one beat. The others are upon the next.
inline constexpr std::size_t taken_back = 1000;
/// Labels of a worker, and flows of which it does something.
inline constexpr std::size_t labels = 10'000;
inline constexpr std::size_t flows = 10'000;
/// Pairs of a flow and a label that a worker has.
inline constexpr std::size_t offers = 10'000;
/// Events in one message.
inline constexpr std::size_t events = 10'000;
/// Calls of a worker that are under way, or have something lent.
inline constexpr std::size_t calls = 100'000;
/// Topics that are heard in one process, and in all workers of a supervisor.
inline constexpr std::size_t topics = 100'000;
inline constexpr std::size_t topics_of_all = 400'000;
/// Labels and flows of a worker that people are shown.
inline constexpr std::size_t names_shown = 100;
/// Workers of a supervisor.
inline constexpr std::size_t workers = 10'000;
/// Bytes of memory of what one worker says in its hello, and of all.
inline constexpr std::size_t hello_bytes = std::size_t{16} << 20;
inline constexpr std::size_t hello_bytes_of_all = std::size_t{128} << 20;
/// States that a worker keeps for its supervisor.
inline constexpr std::size_t snapshots = 100'000;
/// Bytes of states, of calls or of results that wait for the other side, as a
/// multiple of `message_max`.
inline constexpr std::size_t kept_messages = 4;

}  // namespace troupe::remote::peer_limits
