#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/detail/placed/event_form.hpp>
#include <troupe/error.hpp>

#include <chrono>
#include <cstdint>
#include <string>

using namespace std::chrono_literals;
using troupe::errc;
using troupe::event;
using troupe::event_kind;
using troupe::json;
using troupe::detail::event_form;
using troupe::detail::event_from;
using troupe_test::code_of;

namespace {

constexpr troupe::time_point now{42s};

}  // namespace

TEST_CASE("An event with everything comes back as it was", "[event_form]") {
  event from;
  from.kind = event_kind::retry;
  from.at = troupe::time_point{7s};
  from.wall = troupe::wall_time{1234567890s};
  from.run = "run-1/7";
  from.node = "outer/ask";
  from.step = 12;
  from.attempt = 3;
  from.item = 0;
  from.text = "timed out";
  from.wait = 250ms;
  from.data = troupe::value{json::object({{"tokens", json::array({1, 2})}})};
  const auto made = event_from(event_form(from), now);
  CHECK(made.kind == event_kind::retry);
  CHECK(made.wall == from.wall);
  CHECK(made.run == "run-1/7");
  CHECK(made.node == "outer/ask");
  CHECK(made.step == 12);
  CHECK(made.attempt == 3);
  CHECK(made.item == 0U);
  CHECK(made.text == "timed out");
  CHECK(made.wait == 250ms);
  CHECK(made.data.to_json() == from.data.to_json());
  CHECK_FALSE(made.is_final);
}

TEST_CASE("An event happens when it is read", "[event_form]") {
  event from;
  from.at = troupe::time_point{7s};
  CHECK(event_from(event_form(from), now).at == now);
}

TEST_CASE("An event of one that does not send dates has none", "[event_form]") {
  const auto form = event_form(event{});
  CHECK_FALSE(form.contains("wall_ns"));
  CHECK(event_from(form, now).wall == troupe::wall_time{});
}

TEST_CASE("An event with nothing in it comes back so", "[event_form]") {
  const auto made = event_from(event_form(event{}), now);
  CHECK(made.kind == event_kind::started);
  CHECK(made.run.empty());
  CHECK_FALSE(made.item);
  CHECK(made.text.empty());
  CHECK(made.wait == 0s);
  CHECK(made.data.is_null());
}

TEST_CASE("Every kind of event comes back", "[event_form]") {
  for (int kind = 0; kind <= static_cast<int>(event_kind::finished); ++kind) {
    event from;
    from.kind = static_cast<event_kind>(kind);
    CHECK(event_from(event_form(from), now).kind == from.kind);
  }
}

TEST_CASE("What is no form of an event is refused", "[event_form]") {
  const json good = event_form(event{});
  const auto refuse = [](const json& form) {
    return code_of([&] { static_cast<void>(event_from(form, now)); });
  };
  for (const json& form :
       {json(nullptr), json(1), json("text"), json::array(), json::object()}) {
    CAPTURE(form);
    CHECK(refuse(form) == errc::bad_value);
  }
  const auto with = [&](const char* key, const json& value) {
    auto form = good;
    form[key] = value;
    return form;
  };
  CHECK(refuse(with("kind", -1)) == errc::bad_value);
  CHECK(refuse(with("kind", 1000)) == errc::bad_value);
  CHECK(refuse(with("kind", 1e190)) == errc::bad_value);
  CHECK(refuse(with("step", -1)) == errc::bad_value);
  CHECK(refuse(with("attempt", std::uint64_t{1} << 32)) == errc::bad_value);
  CHECK(refuse(with("wait_ns", 1e19)) == errc::bad_value);
  CHECK(refuse(with("kind", "retry")) == errc::bad_value);
  CHECK(refuse(with("run", 1)) == errc::bad_value);
  CHECK(refuse(with("node", nullptr)) == errc::bad_value);
  CHECK(refuse(with("step", "first")) == errc::bad_value);
  CHECK(refuse(with("attempt", json::object())) == errc::bad_value);
  CHECK(refuse(with("item", "first")) == errc::bad_value);
  CHECK(refuse(with("text", 1)) == errc::bad_value);
  CHECK(refuse(with("wait_ns", "long")) == errc::bad_value);
  // Text that no value can hold.
  CHECK(refuse(with("data", "\xff")) == errc::bad_value);
  // A later version may say more.
  CHECK(event_from(with("unheard", 1), now).step == 0);
}
