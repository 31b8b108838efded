#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/interrupts.hpp>

#include <future>
#include <signal.h>
#include <unistd.h>

namespace {

bool is_blocked(int signal) {
  sigset_t now;
  sigemptyset(&now);
  pthread_sigmask(SIG_SETMASK, nullptr, &now);
  return sigismember(&now, signal) == 1;
}

}  // namespace

TEST_CASE("A program that is asked to end does so in order", "[interrupts]") {
  for (const int signal : {SIGINT, SIGTERM}) {
    troupe::interrupts interrupted;
    std::promise<void> stopped;
    interrupted.on_first([&] { stopped.set_value(); });
    kill(getpid(), signal);
    stopped.get_future().wait();
    CHECK(interrupted.came());
  }
}

TEST_CASE("A program may be asked to end before it listens", "[interrupts]") {
  troupe::interrupts interrupted;
  kill(getpid(), SIGTERM);
  CHECK_FALSE(interrupted.came());
  std::promise<void> stopped;
  interrupted.on_first([&] { stopped.set_value(); });
  stopped.get_future().wait();
  CHECK(interrupted.came());
}

TEST_CASE("What is to be done on the first interrupt is said once",
          "[interrupts]") {
  troupe::interrupts interrupted;
  interrupted.on_first([] {});
  CHECK(troupe_test::code_of([&] { interrupted.on_first([] {}); }) ==
        troupe::errc::bad_flow);
}

TEST_CASE("What nobody interrupts leaves the signals as they were",
          "[interrupts]") {
  {
    troupe::interrupts interrupted;
    interrupted.on_first([] { FAIL("nobody asked"); });
    CHECK(is_blocked(SIGTERM));
    CHECK_FALSE(interrupted.came());
  }
  CHECK_FALSE(is_blocked(SIGINT));
  CHECK_FALSE(is_blocked(SIGTERM));
}
