#include "support/catch.hpp"
#include "support/flows/lone_step.hpp"

#include <troupe/context.hpp>
#include <troupe/detail/node/unbegun_note.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using troupe::context;
using troupe::detail::unbegun_note;
using troupe_test::lone_step;

TEST_CASE("A key names the step, and the item of it", "[context]") {
  std::vector<std::string> keys;
  lone_step step{[&](troupe::state&, context& ctx) {
    keys.push_back(ctx.key());
    keys.push_back(context{ctx.host(), 3}.key());
    keys.push_back(context{ctx.host(), 3, 0}.key());
    keys.push_back(context{ctx.host(), 4, 12}.key());
    CHECK_FALSE(ctx.item().has_value());
    CHECK(context(ctx.host(), 4, 12).item() == 12U);
  }};
  CHECK(step.begin() == lone_step::status::done);
  CHECK(keys ==
        std::vector<std::string>{"run#0", "run#0", "run#0.0", "run#0.12"});
}

TEST_CASE("A custom event tells the attempt and the item", "[context]") {
  lone_step step{[](troupe::state&, context& ctx) {
    context of_item{ctx.host(), 3, 7};
    of_item.emit("halfway");
  }};
  CHECK(step.begin() == lone_step::status::done);
  REQUIRE(step.events().size() == 1);
  const auto& told = step.events().front();
  CHECK(told.kind == troupe::event_kind::custom);
  CHECK(told.attempt == 3);
  CHECK(told.item == 7U);
  CHECK(told.data == "halfway");
}

TEST_CASE("The innermost note hears of a call that never began", "[context]") {
  unbegun_note::leave(1s);
  unbegun_note outer;
  {
    unbegun_note inner;
    unbegun_note::leave(2s);
    CHECK(inner.waited() == std::optional<troupe::duration>{2s});
    CHECK_FALSE(outer.waited().has_value());
  }
  unbegun_note::leave(3s);
  CHECK(outer.waited() == std::optional<troupe::duration>{3s});
}

TEST_CASE("A time limit says what the time went into", "[context]") {
  const auto text_of = [](std::optional<troupe::duration> waited) {
    try {
      troupe::detail::throw_timed_out(waited);
    } catch (const troupe::error& why) {
      CHECK(why.code() == troupe::errc::timed_out);
      return why.message();
    }
  };
  CHECK(text_of({}) == "took longer than its time limit");
  CHECK(text_of(1500ms) ==
        "waited 1500 ms in the queue of the blocking pool and never began; the "
        "threads of the pool are busy, see "
        "system_options.blocking_threads_max");
}
