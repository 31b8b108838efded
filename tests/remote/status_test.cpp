#include "remote/raw_peer.hpp"
#include "remote/soon.hpp"
#include "support/catch.hpp"
#include "support/small_flows.hpp"

#include <troupe/remote/status.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::error;

TEST_CASE("An answer that is no status is not waited out", "[remote]") {
  raw_peer other;
  troupe::system outside{{.prepare = troupe::remote::network()}};
  std::atomic<bool> is_over{false};
  std::string why;
  std::jthread asks{[&] {
    try {
      static_cast<void>(troupe::remote::status_of(outside, other.at(), 60s));
    } catch (const error& thrown) {
      why = thrown.message();
    }
    is_over = true;
  }};
  CHECK(other.hear<troupe::remote::wire::ask_status>());
  other.say(std::string{"\xff\xff"});
  CHECK(soon([&] { return is_over.load(); }));
  asks.join();
  CHECK(has(why, "not a packet"));
}
