#include "caf/caf_version.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"
#include "support/scarce.hpp"
#include "threads/service_threads.hpp"

#include <troupe/blocking.hpp>
#include <troupe/system.hpp>

#include <cstddef>
#include <fstream>
#include <new>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

using namespace troupe_test;
using troupe::errc;
using troupe::state;

namespace {

struct blocks {
  int exec() const { return 1; }
  void post(state& shared, int what) const { shared.set("n", what); }
};

/// The status with which `what` ends in a process of its own that may have so
/// many bytes of memory more than this one.
template <class F>
int status_within(std::size_t bytes, F what) {
  const auto child = fork();
  if (child == 0) {
    alarm(60);
    std::size_t pages = 0;
    std::ifstream{"/proc/self/statm"} >> pages;
    const rlim_t most = pages * 4096 + bytes;
    const rlimit limit{most, most};
    setrlimit(RLIMIT_AS, &limit);
    _exit(what());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("A system that gets too few threads says so and ends them",
          "[scarcity]") {
  const auto before = threads_of_process();
  bool is_made = false;
  std::size_t refused = 0;
  for (std::size_t left = 0; !is_made; ++left) {
    REQUIRE(left < 50);
    std::string text;
    try {
      const scarce_threads so_many{left};
      troupe::system sys{{.threads = 2}};
      is_made = true;
      CHECK(sys.start(one_node([](state&) {})).get().ok());
    } catch (const troupe::error& why) {
      ++refused;
      CHECK(why.code() == errc::overloaded);
      text = why.message();
      INFO(text);
      CHECK(has(text, "cannot start a thread for "));
      CHECK(has(text, " threads of the runtime are running"));
    }
    // That of CAF's printer goes a moment later.
    while (threads_of_process() != before) std::this_thread::yield();
  }
  // Two for actors, the clock and the printer of CAF, timers, the watchdog.
  CHECK(refused == 6);
}

TEST_CASE("A system that prepares CAF further tries its threads beforehand",
          "[scarcity]") {
  const auto before = threads_of_process();
  bool is_prepared = false;
  troupe::system_options options;
  options.threads = 2;
  options.prepare = [&](caf::actor_system_config&) { is_prepared = true; };
  {
    const scarce_threads so_many{9};
    CHECK(code_of([&] { const troupe::system sys{options}; }) ==
          errc::overloaded);
  }
  CHECK_FALSE(is_prepared);
  CHECK(threads_of_process() == before);
  const troupe::system sys{options};
  CHECK(is_prepared);
}

#if !TROUPE_CAF_1
namespace {

/// A module of CAF that cannot start a thread.
class lame_module final : public caf::actor_system::module {
 public:
  static caf::actor_system::module* make(caf::actor_system&,
                                         caf::detail::type_list<>) {
    return new lame_module;
  }

 private:
  void start() override {
    throw std::system_error{
        std::make_error_code(std::errc::resource_unavailable_try_again)};
  }
  void stop() override {}
  void init(caf::actor_system_config&) override {}
  id_t id() const override { return network_manager; }
  void* subtype_ptr() override { return this; }
};

}  // namespace

TEST_CASE("A module of CAF that cannot start is an error", "[scarcity]") {
  const auto before = threads_of_process();
  std::string text;
  CHECK(code_of(
            [] {
              troupe::system_options options;
              options.threads = 2;
              options.prepare = [](caf::actor_system_config& config) {
                config.load<lame_module>();
              };
              const troupe::system sys{options};
            },
            &text) == errc::overloaded);
  CHECK(has(text, "cannot start a thread for the actor system: "));
  while (threads_of_process() != before) std::this_thread::yield();
}
#endif

TEST_CASE("A system without memory for the stacks of its threads says so",
          "[scarcity]") {
  const auto status = status_within(std::size_t{300} << 20, [] {
    try {
      const troupe::system sys{{.threads = 500}};
      return 1;
    } catch (const troupe::error& why) {
      return why.code() == errc::overloaded ? 0 : 2;
    } catch (const std::bad_alloc&) {
      return 0;
    }
  });
  CHECK(status == 0);
}

TEST_CASE("A blocking call that gets no thread fails and can be tried again",
          "[scarcity]") {
  troupe::system sys{{.threads = 1}};
  const auto work = one_node(blocks{}, {.threads = troupe::blocking});
  {
    const scarce_threads none{0};
    const auto result = sys.start(work).get();
    REQUIRE_FALSE(result.ok());
    CHECK(result.failure->code() == errc::overloaded);
    CHECK(has(result.failure->message(),
              "cannot start a thread for a blocking call: "));
  }
  CHECK(sys.start(work).get().ok());
}

TEST_CASE("Blocking calls wait for the threads that there are", "[scarcity]") {
  troupe::system sys{{.threads = 1}};
  troupe::flow_builder builder{"whole"};
  builder.add(
      "all",
      troupe::batch(
          "batch", one_node(blocks{}, {.threads = troupe::blocking}),
          numbered(20),
          {.concurrency = 20, .on_conflict = troupe::on_conflict::agree}));
  const auto work = builder.build();
  const scarce_threads one{1};
  CHECK(sys.start(work).get().ok());
}

TEST_CASE("A service that gets no thread is refused", "[scarcity]") {
  troupe::detail::service_threads threads;
  std::string text;
  const scarce_threads none{0};
  CHECK(code_of([&] { static_cast<void>(threads.start([] {}, [] {})); },
                &text) == errc::overloaded);
  CHECK(has(text, "cannot start a thread for a service: "));
}
