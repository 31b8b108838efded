#include "support/catch.hpp"

#include <troupe/error.hpp>

#include <exception>
#include <new>
#include <stdexcept>
#include <string>

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
