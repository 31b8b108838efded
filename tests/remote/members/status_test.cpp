#include "network/reachable.hpp"
#include "remote/members/cluster_room.hpp"
#include "remote/peers/raw_peer.hpp"
#include "remote/peers/raw_socket.hpp"
#include "remote/soon.hpp"
#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/remote/status.hpp>
#include <troupe/system.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::error;
using troupe::remote::endpoint;

TEST_CASE("A connection that nobody takes is given up in time", "[remote]") {
  const silent_port nobody;
  endpoint at;
  at.port = nobody.port();
  CHECK(troupe::remote::why_unreachable(at, 20ms) == "Connection timed out");
  troupe::system outside{{.prepare = troupe::remote::network()}};
  CHECK_THROWS_WITH(troupe::remote::status_of(outside, at, 20ms),
                    Catch::Matchers::Contains(at.text()) &&
                        Catch::Matchers::Contains("time"));
}

TEST_CASE("An address is reachable while somebody listens there", "[remote]") {
  auto room = std::make_unique<cluster_room>();
  const auto at = room->listener().at();
  CHECK(troupe::remote::why_unreachable(at, cluster_room::patience) ==
        std::nullopt);
  room.reset();
  CHECK(troupe::remote::why_unreachable(at, cluster_room::patience) ==
        "Connection refused");
}

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
