#include "caf/caf_version_modules.hpp"
#include "remote/members/certificates.hpp"
#include "remote/members/cluster_room.hpp"
#include "remote/soon.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/batch.hpp>
#include <troupe/remote/status.hpp>
#include <troupe/system.hpp>

#include <caf/openssl/manager.hpp>

#include <chrono>
#include <fstream>
#include <memory>
#include <openssl/err.h>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::state;
using troupe::remote::endpoint;
using troupe::remote::listener;
using troupe::remote::listener_options;
using troupe::remote::network_options;
using troupe::remote::tls_options;
using troupe::remote::worker_options;

namespace {

struct echo {
  int exec(troupe::context& ctx) const {
    return ctx.params().at("i").get<int>();
  }
  void post(state& shared, int i) const { shared.append("done", i); }
};

troupe::flow placed() {
  return troupe::batch("all", one_node(echo{}), numbered(8), {.on = "gpu"});
}

std::unique_ptr<worker_room> worker_for(const endpoint& at,
                                        const network_options& network) {
  worker_options options;
  options.flows = {placed()};
  options.join = at;
  options.retry_max = 200ms;
  return std::make_unique<worker_room>(std::move(options), network);
}

/// Returns whether a worker joins a supervisor. Ends with the first refusal,
/// which an honest pair may see too on a slow machine: so `can_meet` asks
/// again.
bool meet(const network_options& supervisor, const network_options& worker) {
  cluster_room room{{}, supervisor};
  const auto joining = worker_for(room.listener().at(), worker);
  REQUIRE(soon([&] {
    return room.listener().workers() == 1 ||
           joining->said().has("cannot reach");
  }));
  return room.listener().workers() == 1;
}

bool can_meet(const network_options& supervisor,
              const network_options& worker) {
  return soon([&] { return meet(supervisor, worker); });
}

/// The text of the refusal of options, which must be of the right kind.
std::string refusal(const tls_options& tls) {
  std::string text;
  CHECK(
      code_of([&] { static_cast<void>(troupe::remote::network({.tls = tls})); },
              &text) == errc::bad_flow);
  return text;
}

}  // namespace

TEST_CASE("With certificates of one authority work is done over TLS",
          "[remote][tls]") {
  certificates authority;
  cluster_room room{{}, authority.network("boss.test", {"worker.test"})};
  const auto worker =
      worker_for(room.listener().at(),
                 authority.network("worker.test", {"other", "boss.test"}));
  REQUIRE(room.listener().wait_for_workers(1, cluster_room::patience));
  const auto ended = room.finish(room.system().start(placed()));
  REQUIRE(ended.ok());
  CHECK(ended.state.get<std::vector<int>>("done").size() == 8);
}

TEST_CASE("Over TLS a worker may be called as well", "[remote][tls]") {
  certificates authority;
  worker_options options;
  options.flows = {placed()};
  options.listen = endpoint{};
  worker_room worker{std::move(options),
                     authority.network("worker.test", {"boss.test"})};
  listener_options calling;
  calling.call = {*worker.worker().at()};
  cluster_room room{calling, authority.network("boss.test", {"worker.test"})};
  REQUIRE(room.listener().wait_for_workers(1, cluster_room::patience));
  CHECK(room.finish(room.system().start(placed())).ok());
}

TEST_CASE("A certificate of another authority is refused", "[remote][tls]") {
  certificates ours;
  certificates others;
  const auto boss = ours.network("boss.test", {"worker.test"});
  auto strange = others.network("worker.test", {"boss.test"});
  SECTION("where neither trusts the other") {}
  SECTION("where the worker trusts the supervisor") {
    strange.tls->authorities = ours.authorities();
  }
  CHECK_FALSE(meet(boss, strange));
  CHECK(can_meet(boss, ours.network("worker.test", {"boss.test"})));
}

TEST_CASE("A supervisor refuses names that it does not expect",
          "[remote][tls]") {
  certificates authority;
  const auto boss = authority.network("boss.test", {"worker.test"});
  const auto with = [&](const certificates::subject& whom) {
    return network_options{.tls = authority.tls(whom, {"boss.test"})};
  };
  using subject = certificates::subject;
  const std::vector<subject> strangers{
      {.names = {"stranger.test"}},
      {.names = {"boss.test"}},
      {.names = {"worker.test.evil"}},
      {.names = {"a.worker.test"}},
      {.names = {"worker"}},
      {.names = {"w*.test"}},
      // Where there are alternative names, the common name is none.
      {.names = {"stranger.test"}, .common_name = "worker.test"},
      {.names = {}, .common_name = "stranger.test"}};
  for (const auto& each : strangers) {
    CAPTURE(each.names, each.common_name);
    CHECK_FALSE(meet(boss, with(each)));
  }
  const std::vector<subject> friends{
      {.names = {"worker.test"}},
      {.names = {"else.test", "WORKER.test"}},
      {.names = {}, .common_name = "worker.test"}};
  for (const auto& each : friends) {
    CAPTURE(each.names, each.common_name);
    CHECK(can_meet(boss, with(each)));
  }
}

TEST_CASE("A worker refuses a supervisor that it does not expect",
          "[remote][tls]") {
  certificates authority;
  const auto worker = authority.network("worker.test", {"boss.test"});
  CHECK_FALSE(meet(authority.network("worker.test", {"worker.test"}), worker));
  CHECK_FALSE(
      meet(authority.network("impostor.test", {"worker.test"}), worker));
  CHECK(can_meet(authority.network("boss.test", {"worker.test"}), worker));
}

TEST_CASE("A certificate for another use, or of the past, is refused",
          "[remote][tls]") {
  certificates authority;
  const auto boss = authority.network("boss.test", {"worker.test"});
  const auto with = [&](certificates::subject whom) {
    whom.names = {"worker.test"};
    return network_options{.tls = authority.tls(whom, {"boss.test"})};
  };
  CHECK_FALSE(meet(boss, with({.names = {}, .usage = "serverAuth"})));
  CHECK_FALSE(meet(boss, with({.names = {}, .ends_in = -60})));
  CHECK(can_meet(boss, with({.names = {}, .usage = "clientAuth"})));
}

TEST_CASE("Who keeps a peer out by TLS says whom, and why", "[remote][tls]") {
  certificates ours;
  certificates others;
  const auto boss = ours.network("boss.test", {"worker.test"});
  network_options caller;
  std::string here;
  std::string there = "does it speak TLS";
  SECTION("a name that is not expected") {
    caller = ours.network("stranger.test", {"boss.test"});
    here =
        "its certificate is for 'stranger.test', none of which tls.peers lists";
  }
  SECTION("a supervisor that is not expected") {
    caller = ours.network("worker.test", {"other.test"});
    // Who is refused may hear no more than that.
    there = "its certificate is for 'boss.test', none of which tls.peers lists";
  }
  SECTION("an authority that is not trusted") {
    caller = others.network("worker.test", {"boss.test"});
    caller.tls->authorities = ours.authorities();
    here = "its certificate is not trusted: ";
  }
  SECTION("no TLS at all") {
    here = "the TLS handshake failed: ";
    there = "does it require TLS, which this process does not use?";
  }
  cluster_room room{{}, boss};
  const auto worker = worker_for(room.listener().at(), caller);
  CAPTURE(here, there);
  if (!here.empty()) {
    CHECK(soon([&] {
      return room.said().has("refused a peer at 127.0.0.1: ") &&
             room.said().has(here);
    }));
  }
  CHECK(soon([&] { return worker->said().has(there); }));
  CAPTURE(room.said().all(), worker->said().all());
  CHECK(room.listener().workers() == 0);
}

TEST_CASE("Honest peers are nobody whom TLS kept out", "[remote][tls]") {
  certificates authority;
  cluster_room room{{}, authority.network("boss.test", {"worker.test"})};
  const auto worker = worker_for(
      room.listener().at(), authority.network("worker.test", {"boss.test"}));
  REQUIRE(room.listener().wait_for_workers(1, cluster_room::patience));
  CHECK_FALSE(room.said().has("refused a peer"));
  CHECK_FALSE(worker->said().has("refused a peer"));
}

TEST_CASE("Without TLS nobody gets into a port with it", "[remote][tls]") {
  certificates authority;
  const auto secure = authority.network("boss.test", {"worker.test"});
  CHECK_FALSE(meet(secure, {}));
  CHECK_FALSE(meet({}, authority.network("worker.test", {"boss.test"})));
}

TEST_CASE("The status is for those with a certificate", "[remote][tls]") {
  certificates authority;
  cluster_room room{
      {}, authority.network("boss.test", {"worker.test", "watcher.test"})};
  const auto ask = [&](const network_options& network) {
    troupe::system outside{{.prepare = troupe::remote::network(network)}};
    return troupe::remote::status_of(outside, room.listener().at());
  };
  CHECK(code_of([&] {
          static_cast<void>(ask(authority.network("nobody", {"boss.test"})));
        }) == errc::request_failed);
  CHECK(soon([&] {
    try {
      return ask(authority.network("watcher.test", {"boss.test"}))
          .contains("workers");
    } catch (const troupe::error&) {
      return false;
    }
  }));
}

TEST_CASE("Each actor system has a list of peers of its own", "[remote][tls]") {
  certificates authority;
  cluster_room first{{}, authority.network("boss.test", {"one.test"})};
  cluster_room second{{}, authority.network("boss.test", {"two.test"})};
  const auto one = authority.network("one.test", {"boss.test"});
  const auto to_second = worker_for(second.listener().at(), one);
  REQUIRE(soon([&] { return to_second->said().has("cannot reach"); }));
  CHECK(second.listener().workers() == 0);
  const auto to_first = worker_for(first.listener().at(), one);
  CHECK(first.listener().wait_for_workers(1, cluster_room::patience));
}

TEST_CASE("A key with a password is read with it", "[remote][tls]") {
  certificates authority;
  const certificates::subject locked{.names = {"worker.test"},
                                     .password = "open sesame"};
  const auto worker = authority.tls(locked, {"boss.test"});
  CHECK(can_meet(authority.network("boss.test", {"worker.test"}),
                 {.tls = worker}));
  auto wrong = worker;
  wrong.key_password = "shut sesame";
  CHECK_THAT(refusal(wrong), Catch::Matchers::Contains("tls.key"));
  wrong.key_password.clear();
  CHECK_THAT(refusal(wrong), Catch::Matchers::Contains("tls.key"));
}

TEST_CASE("TLS options that cannot work are refused by name", "[remote][tls]") {
  using Catch::Matchers::Contains;
  certificates authority;
  const auto good = authority.tls({.names = {"a.test"}}, {"b.test"});
  REQUIRE_NOTHROW(troupe::remote::network({.tls = good}));
  const auto nowhere = authority.file("nowhere");
  const auto nonsense = authority.file("nonsense");
  std::ofstream{nonsense} << "-----BEGIN CERTIFICATE-----\nnonsense\n";

  for (const auto& file : {std::string{}, nowhere, nonsense}) {
    CAPTURE(file);
    auto bad = good;
    bad.certificate = file;
    CHECK_THAT(refusal(bad),
               Contains("network_options.tls") && Contains("certificate"));
    bad = good;
    bad.key = file;
    CHECK_THAT(refusal(bad),
               Contains("network_options.tls") && Contains("key"));
    bad = good;
    bad.authorities = file;
    CHECK_THAT(refusal(bad), Contains("network_options.tls.authorities"));
  }
  auto other = good;
  other.key = authority.issue({.names = {"a.test"}}).key;
  CHECK_THAT(refusal(other), Contains("network_options.tls.key"));
  for (const auto& peers : std::vector<std::vector<std::string>>{
           {}, {""}, {"good.test", "*.test"}, {".test"}, {"a test"}, {"a."}}) {
    CAPTURE(peers);
    auto bad = good;
    bad.peers = peers;
    CHECK_THAT(refusal(bad), Contains("network_options.tls.peers"));
  }
  // Nothing is left for who looks at the errors of this thread next.
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("With TLS other machines are listened to", "[remote][tls]") {
  certificates authority;
  troupe::system system{{.prepare = troupe::remote::network(
                             authority.network("boss.test", {"worker.test"}))}};
  listener_options options;
  options.at.host = "0.0.0.0";
  const listener everywhere{system, options};
  endpoint at;
  at.port = everywhere.at().port;
  const auto worker =
      worker_for(at, authority.network("worker.test", {"boss.test"}));
  CHECK(everywhere.wait_for_workers(1, cluster_room::patience));
}

TEST_CASE("Actor systems in which peers would not be looked at are refused",
          "[remote][tls]") {
  certificates authority;
  const auto prepared = [](auto change, const network_options& network = {}) {
    return troupe::system_options{
        .prepare = [=](caf::actor_system_config& config) {
          troupe::remote::network(network)(config);
          change(config);
        }};
  };
  const auto listen_with = [](const troupe::system_options& options) {
    troupe::system system{options};
    return code_of([&] { const listener refused{system}; });
  };
  const auto with_option = [](const char* name) {
    return [=](caf::actor_system_config& config) {
      config.set(troupe::detail::option_name(name), true);
    };
  };
  const auto secure = authority.network("boss.test", {"worker.test"});
  CHECK(listen_with(prepared(with_option("middleman.attach-utility-actors"),
                             secure)) == errc::bad_flow);
  CHECK(listen_with(prepared(
            with_option("middleman.enable-automatic-connections"), secure)) ==
        errc::bad_flow);
  // CAF's own TLS without certificates takes anybody.
  CHECK(listen_with(prepared([](caf::actor_system_config& config) {
          troupe::detail::load_module<caf::openssl::manager>(config);
        })) == errc::bad_flow);
}
