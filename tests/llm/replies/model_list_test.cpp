#include "llm/replies/reply_reader.hpp"
#include "support/catch.hpp"

#include <troupe/llm/chat_format.hpp>

#include <string>
#include <vector>

using namespace troupe::llm;
using troupe::errc;
using troupe_test::failure_of;

TEST_CASE("Lists of models are read in the forms there are", "[model_list]") {
  const std::vector<std::string> both{"a", "b"};
  CHECK(decode_models(R"({"data": [{"id": "a"}, {"id": "b"}]})") == both);
  CHECK(decode_models(R"([{"id": "a"}, {"id": "b"}])") == both);
  CHECK(decode_models(R"({"models": [{"name": "a"}, {"model": "b"}]})") ==
        both);
  CHECK(decode_models(R"({"data": ["a", {}, "b"]})") == both);
  CHECK(decode_models(R"({"object": "list", "data": null})").empty());
  CHECK(failure_of([] {
          return decode_models(R"({"error": {"code": 401,
                                                 "message": "bad key"}})");
        }).code() == errc::unauthorized);
  CHECK(failure_of([] { return decode_models("{\"a\": 1}"); }).code() ==
        errc::bad_reply);
}

TEST_CASE("A list of models in parts says how to go on", "[model_list]") {
  const auto page = decode_model_page(
      R"({"data": [{"id": "a"}], "has_more": true, "last_id": "a/1"})");
  CHECK(page.names == std::vector<std::string>{"a"});
  CHECK(page.next == "a/1");
  CHECK(anthropic_messages().encode_models({"http://h"}, page.next).url ==
        "http://h/v1/models?after_id=a%2F1");
  CHECK(
      decode_model_page(R"({"data": [{"id": "a"}], "has_more": true})").next ==
      "a");
  CHECK(decode_model_page(R"({"data": [{"id": "a"}], "has_more": false,
                              "last_id": "a"})")
            .next.empty());
}

TEST_CASE("A token says where the next part of a list begins", "[model_list]") {
  const auto page = decode_model_page(
      R"({"models": [{"name": "a"}], "nextPageToken": "a=b"})");
  CHECK(openai_chat().encode_models({"http://h/v1?k=1"}, page.next).url ==
        "http://h/v1/models?k=1&pageToken=a%3Db");
  const auto other = decode_model_page(
      R"({"models": [{"name": "a"}], "next_page_token": "x"})");
  CHECK(openai_chat().encode_models({"http://h/v1"}, other.next).url ==
        "http://h/v1/models?page_token=x");
  CHECK(decode_model_page(R"({"models": [{"name": "a"}],
                              "next_page_token": ""})")
            .next.empty());
}
