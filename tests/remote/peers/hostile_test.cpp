// The powers of strangers at a port at which workers join.

#include "remote/members/certificates.hpp"
#include "remote/members/cluster_room.hpp"
#include "remote/peers/raw_socket.hpp"
#include "remote/placed/placed_items.hpp"
#include "remote/soon.hpp"
#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"
#include "support/sanitized.hpp"

#include <troupe/batch.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::state;
using troupe::remote::network_options;
using troupe::remote::worker_options;

namespace {

constexpr unsigned crowd_seed = 20'240'611;

// Sanitizers take memory for each piece, and keep what was freed.
constexpr std::size_t growth_max_mb = is_sanitized ? 2000 : 200;

/// The memory that the process takes, from a moment on.
class memory_watch {
 public:
  memory_watch() {
    // Forgets the peak of what was before.
    std::ofstream{"/proc/self/clear_refs"} << "5";
    before_ = kilobytes("VmRSS:");
  }
  [[nodiscard]] std::size_t growth_mb() const {
    const auto peak = kilobytes("VmHWM:");
    return peak > before_ ? (peak - before_) / 1024 : 0;
  }

 private:
  static std::size_t kilobytes(const std::string& name) {
    std::ifstream status{"/proc/self/status"};
    std::string word;
    while (status >> word) {
      std::size_t found = 0;
      if (word == name && status >> found) return found;
    }
    return 0;
  }

  std::size_t before_ = 0;
};

std::string random_text(std::minstd_rand& random, std::size_t size) {
  std::string made(size, '\0');
  for (char& each : made) each = static_cast<char>(random() >> 8);
  return made;
}

/// The first bytes of a CAF node, which announce almost 4 GB to follow.
std::string huge_header(char operation) {
  std::string made(40, '\0');
  made[0] = operation;
  made.replace(4, 4, "\xff\xff\xff\xf0");
  return made;
}

/// The first bytes of a TLS client, and nonsense after them.
std::string torn_hello(std::minstd_rand& random) {
  return std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) +
         random_text(random, 501);
}

const std::string web_request =
    "GET /index.html HTTP/1.1\r\nHost: localhost\r\n"
    "Accept: text/html\r\nConnection: keep-alive\r\n\r\n";

using crowd = std::vector<raw_socket>;

/// So many connections that say this.
crowd crowd_of(std::size_t count, std::uint16_t port,
               const std::function<std::string()>& say) {
  crowd made;
  made.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    made.emplace_back(port);
    made.back().say(say());
  }
  return made;
}

std::string silence() { return {}; }

/// A worker joins while all of them are there, and does something.
void check_served(cluster_room& room, const network_options& network) {
  worker_options options;
  options.flows = {placed_items()};
  options.join = room.listener().at();
  options.retry_max = 200ms;
  const worker_room honest{std::move(options), network};
  CHECK(room.listener().wait_for_workers(1, 60s));
  CHECK(room.finish(room.system().start(placed_items())).ok());
}

}  // namespace

TEST_CASE("Whoever comes to a port with TLS, workers are served",
          "[remote][tls]") {
  allow_many_sockets();
  certificates authority;
  cluster_room room{{}, authority.network("boss.test", {"worker.test"})};
  const auto port = room.listener().at().port;
  std::minstd_rand random{crowd_seed};
  CAPTURE(crowd_seed);
  const memory_watch memory;
  crowd strangers;
  SECTION("random bytes") {
    strangers = crowd_of(300, port, [&] { return random_text(random, 4096); });
  }
  SECTION("headers of CAF that announce 4 GB") {
    char operation = 0;
    strangers =
        crowd_of(100, port, [&] { return huge_header(operation++ % 8); });
  }
  SECTION("another protocol") {
    strangers = crowd_of(100, port, [] { return web_request; });
  }
  SECTION("handshakes that turn into nonsense") {
    strangers = crowd_of(100, port, [&] { return torn_hello(random); });
  }
  SECTION("a thousand that say nothing") {
    strangers = crowd_of(1000, port, silence);
  }
  check_served(room, authority.network("worker.test", {"boss.test"}));
  CHECK(memory.growth_mb() < growth_max_mb);
  CAPTURE(memory.growth_mb());
}

TEST_CASE("Whoever comes to a port without TLS, workers are served",
          "[remote]") {
  allow_many_sockets();
  cluster_room room;
  const auto port = room.listener().at().port;
  const memory_watch memory;
  crowd strangers;
  SECTION("another protocol") {
    strangers = crowd_of(100, port, [] { return web_request; });
  }
  SECTION("a thousand that say nothing") {
    strangers = crowd_of(1000, port, silence);
  }
  check_served(room, {});
  CHECK(memory.growth_mb() < growth_max_mb);
}

TEST_CASE("Who does not come to the point is sent away", "[remote][tls]") {
  certificates authority;
  auto network = authority.network("boss.test", {"worker.test"});
  network.heartbeat = 500ms;
  network.silence_max = 1s;
  cluster_room room{{}, network};
  const auto port = room.listener().at().port;
  std::minstd_rand random{crowd_seed};
  const raw_socket silent{port};
  const raw_socket slow{port};
  slow.say(torn_hello(random).substr(0, 100));
  // Some versions of CAF look only when somebody else comes.
  CHECK(soon([&] {
    const raw_socket other{port};
    return silent.is_closed_within(100ms);
  }));
  CHECK(soon([&] {
    const raw_socket other{port};
    return slow.is_closed_within(100ms);
  }));
}

TEST_CASE("Of too many who say nothing the first is sent away",
          "[remote][tls]") {
  allow_many_sockets();
  certificates authority;
  auto network = authority.network("boss.test", {"worker.test"});
  network.silence_max = 1h;
  cluster_room room{{}, network};
  const auto port = room.listener().at().port;
  const raw_socket first{port};
  const auto crowd = crowd_of(700, port, silence);
  CHECK(first.is_closed_within(60s));
  CHECK_FALSE(crowd.back().is_closed_within(0s));
}

TEST_CASE("Handshakes that fail cost no worker its connection",
          "[remote][tls]") {
  struct bulky {
    std::string exec(troupe::context& ctx) const {
      const auto i = ctx.params().at("i").get<std::size_t>();
      return std::string(150'000 + i, 'x');
    }
    void post(state& shared, const std::string& text) const {
      shared.append("sizes", text.size());
    }
  };
  constexpr std::size_t items = 300;
  certificates authority;
  cluster_room room{{}, authority.network("boss.test", {"worker.test"})};
  worker_options options;
  options.flows = {placed_items(items, bulky{})};
  options.join = room.listener().at();
  const worker_room honest{std::move(options),
                           authority.network("worker.test", {"boss.test"})};
  REQUIRE(room.listener().wait_for_workers(1, cluster_room::patience));

  std::atomic<bool> is_over{false};
  std::thread strangers{[&, port = room.listener().at().port] {
    std::minstd_rand random{crowd_seed};
    while (!is_over) {
      const raw_socket each{port};
      each.say(torn_hello(random));
      static_cast<void>(each.is_closed_within(1s));
    }
  }};
  const auto run = room.system().start(placed_items(items, bulky{}));
  const auto ended = run.wait_for(120s);
  is_over = true;
  strangers.join();
  REQUIRE(ended);
  REQUIRE(ended->ok());
  CHECK(ended->state.get<std::vector<std::size_t>>("sizes").size() == items);
  CAPTURE(room.said().all());
  CHECK_FALSE(room.said().has("lost the worker"));
}
