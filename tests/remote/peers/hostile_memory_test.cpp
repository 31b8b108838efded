// The effect that a worker with a good certificate can have on its supervisor's
// memory.

#include "remote/members/forked_supervisor.hpp"
#include "remote/peers/raw_peer.hpp"
#include "remote/placed/placed_answer.hpp"
#include "remote/soon.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// A sanitizer has memory of its own, and no fork beside it.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

using namespace troupe_test;
using troupe::errc;
namespace wire = troupe::remote::wire;

namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20;
constexpr std::size_t memory_allowed = 256 * megabyte;

/// A list of 50 million of the same byte.
std::string long_list(char element) {
  return std::string{"\x9a\x02\xfa\xf0\x80", 5} +
         std::string(50'000'000, element);
}

wire::hello named(std::string name) {
  auto made = hello_for(placed_node(), 1000);
  made.name = std::move(name);
  return made;
}

/// Joins, says it all, and reads until it is sent away.
void attack(raw_peer& peer, const std::vector<std::string>& packets) {
  peer.say(named("raw"));
  REQUIRE(peer.hear<wire::welcome>());
  for (const auto& each : packets) peer.say(each);
  const auto sent_away = peer.hear<wire::dismiss>();
  REQUIRE(sent_away);
  CHECK(sent_away->is_final);
  CHECK(sent_away->why.size() < 1000);
}

std::string beat_of(std::size_t leases) {
  wire::beat made;
  for (std::uint64_t i = 0; i < leases; ++i) {
    made.held.push_back({troupe::detail::work_id{i}, 1});
  }
  return wire::encode(wire::message{std::move(made)});
}

std::vector<std::string> topics(std::size_t count) {
  std::vector<std::string> packets;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 10'000 == 0) packets.emplace_back();
    packets.back() += wire::encode(
        wire::message{wire::tune{"topic " + std::to_string(i), true}});
  }
  return packets;
}

}  // namespace

TEST_CASE("A hostile worker costs its supervisor little memory",
          "[remote][memory]") {
  forked_supervisor room;
  const auto honest = [&] {
    troupe::remote::worker_options options;
    options.flows = {placed_node()};
    options.join = room.at();
    worker_room worker{std::move(options)};
    room.start_run();
    CHECK(room.finish_run() == 0);
  };
  honest();
  raw_peer peer{room.at()};
  const auto check = [&](const char* what) {
    const auto peak = room.peak();
    UNSCOPED_INFO(what << ": " << peak / megabyte << " MB");
    CHECK(peak < memory_allowed);
    CHECK(soon([&] { return room.workers() == 0; }));
  };
  attack(peer, std::vector<std::string>(20, beat_of(1'000'000)));
  check("1,000,000 leases in each of 20 beats");
  attack(peer, topics(1'000'000));
  check("1,000,000 topics");
  attack(peer, {std::string(50'000'000, '\x81')});
  check("deep CBOR");
  attack(peer, {long_list('\x60')});
  check("a packet that is a list");
  std::string leaves;
  for (int i = 0; i < 10'000'000; ++i) leaves += "\x81\x04";
  attack(peer, {leaves});
  check("10,000,000 messages in one packet");
  attack(peer, {"\x85\x03\x01\x01" + long_list('\x40') + '\x00'});
  check("50,000,000 events");
  peer.say(named(std::string(10'000'000, 'x')));
  REQUIRE(peer.hear<wire::dismiss>());
  check("a name of 10 MB");
  honest();
}

TEST_CASE("A hostile result costs its supervisor little memory",
          "[remote][memory]") {
  forked_supervisor room;
  raw_peer peer{room.at()};
  peer.say(named("raw"));
  REQUIRE(peer.hear<wire::welcome>());
  static_cast<void>(room.peak());
  const auto look = [&](const char* what, std::string output) {
    room.start_run();
    const auto given = peer.hear<wire::give>();
    REQUIRE(given);
    // No failure, the output, no action, nothing written, no retries.
    peer.say(wire::done{
        given->which,
        body_of("\x86\xf4\xf6" + output + "\x60\x80" + std::string(1, '\0'))});
    CHECK(room.finish_run() == static_cast<std::uint64_t>(errc::bad_value));
    const auto peak = room.peak();
    UNSCOPED_INFO(what << ": " << peak / megabyte << " MB");
    CHECK(peak < memory_allowed);
  };
  look("50 MB of empty lists", long_list('\x80'));
  look("50 MB of empty objects", long_list('\xa0'));
  look("50 MB of lists in lists", std::string(50'000'000, '\x81'));
  CHECK(room.workers() == 1);
}

TEST_CASE("Labels of many workers cost their supervisor little memory",
          "[remote][memory]") {
  forked_supervisor room;
  const raw_peer first{room.at()};
  static_cast<void>(room.peak());
  wire::hello said;
  // Few names, and 10,000 pairs of them.
  for (std::size_t i = 0; i < 101; ++i) {
    said.labels.insert(std::to_string(i) + std::string(250, 'l'));
  }
  for (std::size_t i = 0; i < 99; ++i) {
    said.flows[std::to_string(i) + std::string(250, 'f')] = {};
  }
  constexpr std::size_t many = 40;
  std::vector<std::unique_ptr<raw_peer>> peers;
  std::string refused;
  while (refused.empty() && peers.size() < many) {
    auto& peer = *peers.emplace_back(std::make_unique<raw_peer>(first));
    peer.say(said);
    const auto answer = peer.hear_any();
    REQUIRE(answer);
    if (const auto* no = std::get_if<wire::dismiss>(&*answer)) {
      refused = no->why;
    }
  }
  CHECK_THAT(refused, Catch::Matchers::Contains("bytes of memory"));
  CHECK(room.workers() > 4);
  raw_peer asks{first};
  asks.say(wire::ask_status{});
  const auto told = asks.hear<wire::status>();
  REQUIRE(told);
  CHECK(told->report.at("workers").at(0).at("labels").size() == 100);
  CHECK(room.peak() < memory_allowed);
}

#endif
