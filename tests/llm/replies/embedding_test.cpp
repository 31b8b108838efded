#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <troupe/llm/embedding.hpp>

#include <string>
#include <vector>

using namespace troupe::llm;
using troupe::errc;
using troupe::json;
using troupe_test::code_of;

namespace {

json vector_at(std::size_t index, const std::vector<float>& numbers) {
  return {{"index", index}, {"embedding", numbers}};
}

std::string refusal(const std::vector<json>& data, std::size_t count) {
  std::string text;
  CHECK(code_of(
            [&] {
              static_cast<void>(
                  decode_embedding(json{{"data", data}}.dump(), count));
            },
            &text) == errc::bad_reply);
  return text;
}

}  // namespace

TEST_CASE("Vectors are in the order of their texts", "[embedding]") {
  const json form{{"model", "m"},
                  {"usage", {{"prompt_tokens", 5}}},
                  {"data", {vector_at(1, {3, 4}), vector_at(0, {1, 2})}}};
  const auto reply = decode_embedding(form.dump(), 2);
  CHECK(reply.vectors == std::vector<std::vector<float>>{{1, 2}, {3, 4}});
  CHECK(reply.model == "m");
  CHECK(reply.usage.input == 5);
}

TEST_CASE("A reply without a vector for each text names what is wrong",
          "[embedding]") {
  const std::string begin = "invalid reply from the server: ";
  CHECK(
      refusal({vector_at(0, {1})}, 2) ==
      begin +
          "/data has 1 vectors, expected 2; the reply has 40 bytes and begins "
          "with '{\"data\":[{\"embedding\":[1.0],\"index\":0}]}'");
  CHECK(refusal({vector_at(1, {1}), vector_at(0, {2}), vector_at(1, {3})}, 3) ==
        begin + "/data/2 has an index that is out of range or was used before");
  CHECK(refusal({vector_at(0, {1}), vector_at(7, {2})}, 2) ==
        begin + "/data/1 has an index that is out of range or was used before");
  CHECK(refusal({vector_at(0, {})}, 1) == begin + "/data/0/embedding is empty");
  CHECK_THAT(refusal({vector_at(0, {1}), vector_at(1, {1, 2})}, 2),
             Catch::Matchers::StartsWith(
                 begin + "/data has vectors of different lengths"));
  CHECK(refusal({json{{"embedding", {1, "2"}}}}, 1) ==
        begin + "/data/0/embedding/1 must be a number, got \"2\"");
}

TEST_CASE("Vectors in Base64 are read", "[embedding]") {
  // openai-openapi#99
  const auto read = [](const char* text) {
    const json each{{"embedding", text}};
    return decode_embedding(json{{"data", json::array({each})}}.dump(), 1)
        .vectors.front();
  };
  CHECK(read("AACAPwAAAEA=") == std::vector<float>{1, 2});
  CHECK(read("AACAPwAAAEAAAEBA") == std::vector<float>{1, 2, 3});
  CHECK(read("AACAvw==") == std::vector<float>{-1});
  // As some servers write it.
  CHECK(read("AACAPw") == std::vector<float>{1});
  CHECK(read("AACAPwAAAEA=\n") == std::vector<float>{1, 2});
  for (const char* each : {"", "AACAP", "AACAPw=", "AACAP===", "AACA Pw==",
                           "AACA", "AACAPx==", "AADAfw==", "====", "-_-_"}) {
    CAPTURE(each);
    CHECK(code_of([&] { static_cast<void>(read(each)); }) == errc::bad_reply);
  }
}

TEST_CASE("Vectors stand in their order where a server counts otherwise",
          "[embedding]") {
  const auto read = [](std::uint64_t first, std::uint64_t second) {
    const json data{vector_at(first, {1}), vector_at(second, {2})};
    return decode_embedding(json{{"data", data}}.dump(), 2).vectors;
  };
  const std::vector<std::vector<float>> in_order{{1}, {2}};
  CHECK(read(0, 0) == in_order);
  CHECK(read(1, 2) == in_order);
  CHECK(read(1, 0) == std::vector<std::vector<float>>{{2}, {1}});
}

TEST_CASE("Vectors are read in the forms there are", "[embedding]") {
  const std::vector<std::vector<float>> both{{1, 2}, {3, 4}};
  for (const char* each :
       {R"({"embeddings": [[1, 2], [3, 4]]})", "[[1, 2], [3, 4]]",
        R"([{"embedding": [[1, 2]]}, {"embedding": [[3, 4]]}])",
        R"({"data": [{"index": null, "embedding": [1, 2]},
                     {"embedding": [3, 4]}], "usage": []})"}) {
    CAPTURE(each);
    CHECK(decode_embedding(each, 2).vectors == both);
  }
}

TEST_CASE("An error in the place of vectors is told", "[embedding]") {
  std::string text;
  CHECK(code_of(
            [] {
              static_cast<void>(decode_embedding(
                  R"({"error": {"message": "not loaded", "code": 503}})", 1));
            },
            &text) == errc::rate_limited);
  CHECK(text == "the server reported an error (503): not loaded");
}

TEST_CASE("Further fields of an embedding win, and null takes one away",
          "[embedding]") {
  const auto form = json::parse(
      encode_embedding("m", {"a"}, {"http://h"},
                       {{"encoding_format", nullptr}, {"input_type", "query"}})
          .body);
  CHECK(form == json{{"model", "m"},
                     {"input", json::array({"a"})},
                     {"input_type", "query"}});
}

TEST_CASE("Nothing to embed is refused for good", "[embedding]") {
  const endpoint at{"http://localhost:1", ""};
  CHECK(code_of([&] { static_cast<void>(encode_embedding("m", {}, at)); }) ==
        errc::bad_value);
  CHECK(code_of([&] { static_cast<void>(encode_embedding("", {"a"}, at)); }) ==
        errc::bad_value);
  CHECK(encode_embedding("m", {"a"}, at).url ==
        "http://localhost:1/embeddings");
}

TEST_CASE("Alike is what points the same way", "[embedding]") {
  CHECK(similarity({1, 0}, {3, 0}) == Approx(1));
  CHECK(similarity({1, 0}, {0, 2}) == Approx(0));
  CHECK(similarity({1, 2}, {-1, -2}) == Approx(-1));
  CHECK(similarity({0, 0}, {1, 2}) == 0);
  CHECK(code_of([] {
          static_cast<void>(similarity({1}, {1, 2}));
        }) == errc::bad_value);
}

TEST_CASE("Vectors of Cohere, MiniMax and Google are read", "[embedding]") {
  const std::vector<std::vector<float>> both{{1, 2}, {3, 4}};
  for (const char* each :
       {R"({"embeddings": {"float": [[1, 2], [3, 4]]}, "texts": ["a", "b"]})",
        R"({"embeddings": {"int8": [[1, 2], [3, 4]]}})",
        R"({"embeddings": {"base64": ["AACAPwAAAEA=", "AABAQAAAgEA="]}})",
        R"({"vectors": [[1, 2], [3, 4]], "base_resp": {"status_code": 0}})",
        R"({"embeddings": [{"values": [1, 2]}, {"values": [3, 4]}]})",
        R"({"data": [{"embedding": {"values": [1, 2]}},
                     {"embedding": {"values": [3, 4]}}]})",
        R"({"data": [{"embedding": "[1, 2]"}, {"embedding": " [3.0, 4e0]"}]})",
        R"(["[1, 2]", "[3, 4]"])"}) {
    CAPTURE(each);
    CHECK(decode_embedding(each, 2).vectors == both);
  }
  for (const char* each : {R"({"data": [{"embedding": "[1, "}]})",
                           R"({"data": [{"embedding": "[\"[1]\"]"}]})",
                           R"({"embeddings": {"other": [[1]]}})"}) {
    CAPTURE(each);
    CHECK(code_of([&] { static_cast<void>(decode_embedding(each, 1)); }) ==
          errc::bad_reply);
  }
}

TEST_CASE("The only vector may stand alone", "[embedding]") {
  const std::vector<std::vector<float>> one{{1, 2}};
  for (const char* each :
       {R"({"embedding": [1, 2]})", "[1, 2]", R"({"data": [1, 2]})",
        R"({"embedding": {"values": [1, 2]}})",
        R"({"data": {"embedding": [1, 2]}})"}) {
    CAPTURE(each);
    CHECK(decode_embedding(each, 1).vectors == one);
  }
}

TEST_CASE("The tokens of texts are counted in several places", "[embedding]") {
  for (const char* each :
       {R"("usage": {"total_tokens": 7})", R"("x_groq": {"usage":
          {"prompt_tokens": 7}})",
        R"("meta": {"billed_units": {"input_tokens": 7}})",
        R"("prompt_eval_count": 7)"}) {
    CAPTURE(each);
    CHECK(decode_embedding(
              R"({"data": [{"embedding": [1]}], )" + std::string{each} + "}", 1)
              .usage.input == 7);
  }
}
