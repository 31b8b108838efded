// Any reply of a model server, whole or as a stream, is read or refused with an
// error of ours.

#include <troupe/error.hpp>
#include <troupe/json_text.hpp>
#include <troupe/llm/chat_format.hpp>
#include <troupe/llm/embedding.hpp>
#include <troupe/llm/mcp_protocol.hpp>
#include <troupe/llm/reply_error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace troupe::llm;
using troupe::http_request;
using troupe::http_response;
using troupe::sse_parser;

template <class Action>
void attempt(Action action) {
  try {
    action();
  } catch (const troupe::error&) {
  }
}

const chat_format& format_of(unsigned which) {
  if (which % 3 == 0) return openai_chat();
  if (which % 3 == 1) return openai_responses();
  return anthropic_messages();
}

/// Puts a server's content into the next request.
void give_back(const chat_format& format, const message& said) {
  chat_request asked{std::vector<message>{message::user("Hi"), said}};
  asked.model = "m";
  static_cast<void>(format.encode(asked, {"http://h"}, false));
}

void stream(const chat_format& format, std::string_view body) {
  sse_parser events;
  const auto builder = format.build();
  events.feed(body);
  while (const auto event = events.next()) {
    static_cast<void>(builder->take(*event));
  }
  static_cast<void>(builder->may_end());
  give_back(format, builder->finish().message);
}

void read_as_head(std::string_view body) {
  http_response reply;
  reply.status = 429;
  reply.body = body;
  for (const char* name :
       {"retry-after", "retry-after-ms", "x-ratelimit-reset-tokens",
        "anthropic-ratelimit-tokens-reset", "x-request-id"}) {
    reply.headers.push_back({name, std::string{body}});
  }
  reply.headers.push_back({"x-ratelimit-remaining-tokens", "0"});
  reply.headers.push_back({"anthropic-ratelimit-tokens-remaining", "0"});
  const std::chrono::system_clock::time_point now{};
  const auto asked = asked_by(http_request{"POST", std::string{body}});
  static_cast<void>(error_of_reply(reply, now, asked));
}

void read_as_mcp(const troupe::json& message) {
  attempt([&] { static_cast<void>(mcp::agreed_by_discovery(message)); });
  attempt([&] { static_cast<void>(mcp::agreed_by_opening(message)); });
  attempt([&] { static_cast<void>(mcp::answered_id(message)); });
  attempt([&] { static_cast<void>(mcp::message_in(message)); });
  attempt([&] { static_cast<void>(mcp::tools_in(message)); });
  attempt([&] { static_cast<void>(mcp::text_in(message)); });
}

void read_as_mcp(std::string_view body) {
  constexpr std::size_t bytes_max = std::size_t{1} << 20;
  static_cast<void>(mcp::denies_session(400, body));
  static_cast<void>(mcp::resource_metadata_in(body));
  for (const auto& each : mcp::read_text(body, bytes_max).messages) {
    read_as_mcp(each);
  }
  if (const auto form = troupe::try_read_json(body)) read_as_mcp(*form);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body{reinterpret_cast<const char*>(data) + 1,
                              size - 1};
  const auto& format = format_of(data[0]);
  attempt([&] { give_back(format, format.decode(body).message); });
  attempt([&] { stream(format, body); });
  attempt([&] { static_cast<void>(decode_embedding(body, 1)); });
  attempt([&] { static_cast<void>(decode_models(body)); });
  read_as_head(body);
  read_as_mcp(body);
  return 0;
}
