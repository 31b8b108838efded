#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/detail/placed/error_form.hpp>

#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
using troupe::errc;
using troupe::error;
using troupe::json;
using troupe::detail::error_form;
using troupe::detail::error_from;
using troupe_test::code_of;

TEST_CASE("An error with everything comes back as it was", "[error_form]") {
  error from{errc::rate_limited, "too fast"};
  from.at_node("outer/ask").at_item(3).at_attempt(2);
  from.permanent().retry_after(1500ms);
  const auto made = error_from(error_form(from));
  CHECK(made.describe() == from.describe());
  CHECK(made.code() == errc::rate_limited);
  CHECK(made.message() == "too fast");
  CHECK(made.node() == "outer/ask");
  CHECK(made.item() == 3U);
  CHECK(made.attempt() == 2U);
  CHECK(made.is_permanent());
  CHECK(made.retry_after() == 1500ms);
}

TEST_CASE("An error with nothing but a text comes back so", "[error_form]") {
  const auto made = error_from(error_form(error{errc::node_threw, ""}));
  CHECK(made.message().empty());
  CHECK(made.node().empty());
  CHECK_FALSE(made.item());
  CHECK_FALSE(made.attempt());
  CHECK_FALSE(made.is_permanent());
  CHECK_FALSE(made.retry_after());
}

TEST_CASE("The exception behind an error does not travel", "[error_form]") {
  const auto from =
      error::from(std::make_exception_ptr(std::runtime_error{"no disk"}));
  const auto made = error_from(error_form(from));
  CHECK(made.code() == errc::node_threw);
  CHECK(made.message() == "no disk");
  CHECK(made.cause() == nullptr);
}

TEST_CASE("Every code comes back", "[error_form]") {
  int count = 0;
  for (int code = 1; to_string(static_cast<errc>(code)) != "unknown"; ++code) {
    const error from{static_cast<errc>(code), "text"};
    CHECK(error_from(error_form(from)).code() == from.code());
    ++count;
  }
  CHECK(count > 20);
}

TEST_CASE("What is no form of an error is refused", "[error_form]") {
  const json good = error_form(error{errc::cancelled, "stopped"});
  const auto refuse = [](const json& form) {
    return code_of([&] { static_cast<void>(error_from(form)); });
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
  CHECK(refuse(with("code", 1e190)) == errc::bad_value);
  CHECK(refuse(with("item", -1)) == errc::bad_value);
  CHECK(refuse(with("retry_after_ns", 1e19)) == errc::bad_value);
  for (const json& code :
       {json(0), json(-1), json(10'000), json("cancelled")}) {
    CAPTURE(code);
    CHECK(refuse(with("code", code)) == errc::bad_value);
  }
  CHECK(refuse(with("message", 1)) == errc::bad_value);
  CHECK(refuse(with("node", 1)) == errc::bad_value);
  CHECK(refuse(with("item", "first")) == errc::bad_value);
  CHECK(refuse(with("attempt", json::array())) == errc::bad_value);
  CHECK(refuse(with("permanent", "yes")) == errc::bad_value);
  CHECK(refuse(with("retry_after_ns", "soon")) == errc::bad_value);
  // A later version may say more.
  CHECK(error_from(with("unheard", 1)).message() == "stopped");
}

TEST_CASE("The text of an error of another process is safe to show",
          "[error_form]") {
  const auto with = [](const char* key, const json& value) {
    auto form = error_form(error{errc::node_threw, "text"});
    form[key] = value;
    return error_from(form);
  };
  const auto made = with("message", "one\ntwo\x1b]0;x\x07\xff");
  CHECK(made.message() == "one\ntwo\xef\xbf\xbd]0;x\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(with("message", std::string(50'000'000, 'x')).message().size() <
        100'000);
  CHECK(with("node", "a\x1b[2J\n").node() == "a\xef\xbf\xbd[2J ");
}

TEST_CASE("An error of another process asks for a day of waiting at most",
          "[error_form]") {
  const auto wait_of = [](std::int64_t count) {
    auto form = error_form(error{errc::rate_limited, "text"});
    form["retry_after_ns"] = count;
    return *error_from(form).retry_after();
  };
  CHECK(wait_of(std::numeric_limits<std::int64_t>::max()) == 24h);
  CHECK(wait_of(std::numeric_limits<std::int64_t>::min()) == 0h);
}
