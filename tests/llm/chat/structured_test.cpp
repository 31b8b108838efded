#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/has.hpp"

#include <troupe/llm/structured.hpp>

#include <rapidcheck.h>

#include <string>

using troupe::errc;
using troupe::error;
using troupe::llm::chat_reply;
using troupe::llm::finish_reason;
using troupe::llm::message;
using troupe::llm::read_reply;
using troupe_test::code_of;

namespace {

using troupe_test::has;
struct person {
  std::string name;
  int born = 0;

  static auto fields() {
    using troupe::llm::field;
    return troupe::llm::fields(field("name", &person::name),
                               field("born", &person::born));
  }
};

const std::string ada = R"({"name": "Ada", "born": 1815})";

chat_reply saying(const std::string& text,
                  finish_reason finish = finish_reason::stop) {
  chat_reply reply;
  reply.message = message::assistant(text);
  reply.finish = finish;
  return reply;
}

/// Returns the reason why a reply is no person.
std::string fault_of(const chat_reply& reply) {
  std::string text;
  CHECK(code_of([&] { static_cast<void>(read_reply<person>(reply)); }, &text) ==
        errc::bad_reply);
  return text;
}

}  // namespace

TEST_CASE("A reply is read as a struct", "[structured]") {
  const auto found = read_reply<person>(saying(ada));
  CHECK(found.name == "Ada");
  CHECK(found.born == 1815);
}

TEST_CASE("A fence of Markdown around a reply is passed over", "[structured]") {
  CHECK(read_reply<person>(saying("```json\n" + ada + "\n```")).born == 1815);
  CHECK(read_reply<person>(saying("\n```\n" + ada + "```\n")).born == 1815);
}

TEST_CASE("What a model thinks aloud is passed over", "[structured]") {
  // vllm#47027
  const auto born = [](const std::string& text) {
    return read_reply<person>(saying(text)).born;
  };
  CHECK(born("<think>\nLet me see.\n</think>\n\n" + ada) == 1815);
  CHECK(born("So {\"name\": 1}...</think>" + ada) == 1815);
  CHECK(born("<think>a {</think>```json\n" + ada + "\n```") == 1815);
  CHECK(has(fault_of(saying("<think>Is it " + ada)), "not JSON"));
}

TEST_CASE("JSON among words is found if there is one value", "[structured]") {
  const auto born = [](const std::string& text) {
    return read_reply<person>(saying(text)).born;
  };
  CHECK(born("Here it is:\n```json\n" + ada + "\n```\nIs it good?") == 1815);
  CHECK(born("Here [1] it is: " + ada + ". Good {it is}.") == 1815);
  CHECK(born("```\nnot this\n```\n" + ada) == 1815);
  const std::string other = R"({"name": "Bob", "born": 1900})";
  CHECK(has(fault_of(saying(ada + "\n" + other)), "several"));
  CHECK(has(fault_of(saying("```\n" + ada + "\n```\n```\n" + other + "```")),
            "several"));
  CHECK(has(fault_of(saying("A list: [" + ada + "]")), "fit"));
  CHECK(has(fault_of(saying(std::string(100'000, '{'))), "not JSON"));
}

TEST_CASE("What is wrong with a reply is told", "[structured]") {
  CHECK(has(fault_of(saying("I do not know")), "not JSON"));
  CHECK(has(fault_of(saying("")), "not JSON"));
  CHECK(has(fault_of(saying(R"({"name": "Ada"})")), "born"));
  CHECK(has(fault_of(saying(R"({"name": "Ada", "born": "1815"})")), "/born"));
  CHECK(has(fault_of(saying(ada, finish_reason::refused)), "refused"));
  CHECK(has(fault_of(saying(ada, finish_reason::length)), "maximum length"));
}

TEST_CASE("A reply that makes no sense can be asked for again",
          "[structured]") {
  try {
    static_cast<void>(read_reply<person>(saying("no")));
    FAIL("it was read");
  } catch (const error& why) {
    CHECK_FALSE(why.is_permanent());
  }
}

TEST_CASE("A spoiled reply is read or refused, and nothing else",
          "[structured]") {
  CHECK(rc::check([] {
    auto text = ada;
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    text[at] = static_cast<char>(*rc::gen::inRange(0, 256));
    try {
      static_cast<void>(read_reply<person>(saying(text)));
    } catch (const error& why) {
      RC_ASSERT(why.code() == errc::bad_reply);
    }
  }));
}

TEST_CASE("A struct is asked for by its schema", "[structured]") {
  const auto asked = troupe::llm::reply_schema_of<person>("person");
  CHECK(asked.name == "person");
  CHECK(asked.schema == troupe::llm::schema_of<person>());
}
