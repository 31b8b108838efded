#include "support/catch.hpp"

#include <troupe/error.hpp>
#include <troupe/failure.hpp>

#include <exception>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

using troupe::errc;
using troupe::error;

TEST_CASE("an error describes its place, its code and its text", "[error]") {
  error subject{errc::timed_out, "no answer within 5 s"};
  subject.at_node("outer/ask").at_item(3).at_attempt(1);
  CHECK(subject.describe() ==
        "node 'outer/ask', item 3, attempt 1: timed_out: no answer within 5 s");
}

TEST_CASE("the innermost place of an error wins", "[error]") {
  error subject{errc::node_threw, "broken"};
  subject.at_node("inner").at_node("outer");
  subject.at_item(1).at_item(2);
  subject.at_attempt(4).at_attempt(5);
  CHECK(subject.node() == "inner");
  CHECK(subject.item() == 1U);
  CHECK(subject.attempt() == 4U);
}

TEST_CASE("naming the place of a copy leaves the original alone", "[error]") {
  const error original{errc::cancelled, "stopped"};
  error copy = original;
  copy.at_node("ask").permanent();
  CHECK(original.node().empty());
  CHECK_FALSE(original.is_permanent());
  CHECK(copy.node() == "ask");
  CHECK(copy.is_permanent());
}

TEST_CASE("an exception in flight becomes an error with a cause", "[error]") {
  const auto thrown = std::make_exception_ptr(std::runtime_error("no disk"));
  const error subject = error::from(thrown);
  CHECK(subject.code() == errc::node_threw);
  CHECK(subject.message() == "no disk");
  CHECK_THROWS_AS(std::rethrow_exception(subject.cause()), std::runtime_error);
}

TEST_CASE("a lack of memory is told in words", "[error]") {
  const auto subject = error::from(std::make_exception_ptr(std::bad_alloc{}));
  CHECK(subject.message() == "out of memory (std::bad_alloc)");
  CHECK_THROWS_AS(std::rethrow_exception(subject.cause()), std::bad_alloc);
}

TEST_CASE("something that is no exception becomes an error", "[error]") {
  const error subject = error::from(std::make_exception_ptr(42));
  CHECK(subject.code() == errc::node_threw);
  CHECK_THROWS_AS(std::rethrow_exception(subject.cause()), int);
}

TEST_CASE("an error in flight is taken as it is", "[error]") {
  const auto thrown =
      std::make_exception_ptr(troupe::permanent_error{"bad key"});
  const error subject = error::from(thrown);
  CHECK(subject.message() == "bad key");
  CHECK(subject.is_permanent());
  CHECK(subject.cause() == nullptr);
}

TEST_CASE("every code has a name of its own", "[error]") {
  CHECK(to_string(errc::node_threw) == "node_threw");
  CHECK(to_string(errc::too_deep) == "too_deep");
  CHECK(to_string(static_cast<errc>(200)) == "unknown");
}

TEST_CASE("text that is thrown is the text of the error", "[error]") {
  const auto text_of = [](auto thrown) {
    return error::from(std::make_exception_ptr(std::move(thrown))).message();
  };
  CHECK(text_of(std::string{"no disk"}) == "no disk");
  CHECK(text_of(std::string{"a\0b", 3}) == (std::string{"a\0b", 3}));
  CHECK(text_of(static_cast<const char*>("no disk")) == "no disk");
  CHECK(text_of(std::string_view{"no disk"}) == "no disk");
  CHECK(text_of(std::make_error_code(std::errc::no_space_on_device)) ==
        "No space left on device");
}

TEST_CASE("what is thrown without a text is known by its type", "[error]") {
  struct no_text : std::exception {
    const char* what() const noexcept override { return nullptr; }
  };
  struct empty_text : std::exception {
    const char* what() const noexcept override { return ""; }
  };
  const auto text_of = [](auto thrown) {
    return error::from(std::make_exception_ptr(std::move(thrown))).message();
  };
  CHECK(text_of(no_text{}).find("no_text") != std::string::npos);
  CHECK(text_of(empty_text{}).find("empty_text") != std::string::npos);
  CHECK(text_of(42) ==
        "something that is not a std::exception (its type is int)");
  CHECK(text_of(static_cast<const char*>(nullptr)).find("char const*") !=
        std::string::npos);
  CHECK(text_of(std::string{}).find("string") != std::string::npos);
  CHECK(text_of(std::u8string{u8"text"}) == "text");
  CHECK(text_of(std::make_error_condition(std::errc::timed_out)) ==
        text_of(std::make_error_code(std::errc::timed_out)));
  CHECK(error::from(nullptr).code() == errc::node_threw);
}

TEST_CASE("what was handled when an exception was thrown is told with it",
          "[error]") {
  const auto nested = [](int depth, const auto& self) -> void {
    try {
      if (depth == 0) throw std::string{"the file is not there"};
      self(depth - 1, self);
    } catch (...) {
      std::throw_with_nested(std::runtime_error("at " + std::to_string(depth)));
    }
  };
  const auto text_at = [&](int depth) {
    try {
      nested(depth, nested);
    } catch (...) {
      return error::from(std::current_exception()).message();
    }
    return std::string{};
  };
  CHECK(text_at(1) ==
        "at 1; caused by: at 0; caused by: the file is not there");
  const auto deep = text_at(1000);
  CHECK(deep.find("; caused by: at 992") != std::string::npos);
  CHECK(deep.find("at 991") == std::string::npos);
}

TEST_CASE("an error that no repetition mends is permanent by its code",
          "[error]") {
  for (const auto code :
       {errc::step_limit, errc::missing_edge, errc::undeclared_action,
        errc::bad_items, errc::merge_conflict, errc::missing_key,
        errc::wrong_type, errc::bad_value, errc::bad_flow, errc::too_deep,
        errc::too_large, errc::unauthorized, errc::deadlock}) {
    CAPTURE(to_string(code));
    CHECK(error{code, "no"}.is_permanent());
  }
  for (const auto code :
       {errc::node_threw, errc::timed_out, errc::cancelled, errc::actor_died,
        errc::request_failed, errc::overloaded, errc::rate_limited,
        errc::bad_reply}) {
    CAPTURE(to_string(code));
    CHECK_FALSE(error{code, "not now"}.is_permanent());
  }
}

TEST_CASE("What comes of a temporary failure may be kept", "[error]") {
  const auto made = [] {
    error why{errc::timed_out, "a text that is longer than a short string"};
    why.at_node("a/node/with/a/long/path/to/it");
    return troupe::failure{why};
  };
  const auto& by_arrow = made()->message();
  CHECK(by_arrow == "a text that is longer than a short string");
  const auto& by_value = made().value().message();
  CHECK(by_value == by_arrow);
  const auto& whole = *made();
  CHECK(whole.node() == "a/node/with/a/long/path/to/it");
  const auto& node = made()->node();
  CHECK(node == whole.node());
  CHECK(made()->code() == errc::timed_out);
  CHECK(made()->describe() == whole.describe());
  troupe::failure none;
  CHECK_FALSE(none);
  none = whole;
  CHECK(none->message() == by_arrow);
  const std::optional<error> plain = none;
  CHECK(plain.has_value());
  CHECK_FALSE(troupe::failure{std::nullopt});
}
