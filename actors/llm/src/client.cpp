#include "client_core.hpp"
#include "reply_body.hpp"

#include <troupe/llm/client.hpp>
#include <troupe/llm/history.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace troupe::llm {

namespace detail {

/// A reply that is being streamed.
class open_reply {
 public:
  open_reply(admission let_in, std::unique_ptr<reply_body> from,
             std::unique_ptr<reply_builder> builder)
      : call(std::move(let_in)),
        body(std::move(from)),
        into(std::move(builder)) {}

  /// The next text that came, if there is some that has not been given.
  std::optional<std::string> next_text();
  void finish();

  admission call;
  std::unique_ptr<reply_body> body;
  sse_parser events;
  std::unique_ptr<reply_builder> into;
  chat_reply reply;
  bool is_over = false;
  /// Why there is no more.
  std::optional<error> failure;
};

std::optional<std::string> open_reply::next_text() {
  while (auto event = events.next()) {
    auto text = into->take(*event);
    if (!text.empty()) return text;
  }
  return std::nullopt;
}

void open_reply::finish() {
  reply = into->finish();
  is_over = true;
  body->on_complete();
  call.succeed(reply.usage);
}

namespace {

constexpr double bytes_per_token = 4;

/// How many tokens a call is likely to take; see `client_options::rate`.
double tokens_of(const chat_request& asked) {
  return static_cast<double>(token_estimate(asked.messages) +
                             asked.max_tokens.value_or(0));
}

http_request encoded(const client_core& core, chat_request& asked,
                     bool stream) {
  if (asked.model.empty()) asked.model = core.options().model;
  if (asked.model.empty()) {
    throw error{errc::bad_value,
                "neither the request nor the client names a "
                "model"}
        .permanent();
  }
  auto request = core.format().encode(asked, core.at(), stream);
  request.limits = core.options().limits;
  return request;
}

task<chat_reply> ask(std::shared_ptr<client_core> core, chat_request asked) {
  auto request = encoded(*core, asked, /*stream=*/false);
  auto entering = admission::wait_for(core, tokens_of(asked));
  admission call = co_await entering;
  std::optional<error> failure;
  try {
    auto sending = send_through(core, std::move(request));
    auto got = co_await sending;
    const auto good = checked(*core, std::move(got));
    auto reply = core->format().decode(good.body);
    call.succeed(reply.usage);
    co_return reply;
  } catch (...) {
    failure = call.fail();
  }
  throw error{*failure};
}

// What is not streamed, although that was asked for, is read as a whole.
task<http_response> rest_of(std::unique_ptr<reply_body> from,
                            std::size_t body_max) {
  http_response whole = from->head();
  for (;;) {
    auto reading = from->read();
    auto part = co_await reading;
    if (!part) break;
    whole.body += *part;
    if (whole.body.size() > body_max) {
      throw error{errc::request_failed, "the reply is too long"}.permanent();
    }
  }
  from->on_complete();
  co_return whole;
}

bool is_event_stream(const http_response& head) {
  const auto type = head.header("content-type");
  return type && type->rfind("text/event-stream", 0) == 0;
}

task<std::unique_ptr<open_reply>> open_call(std::shared_ptr<client_core> core,
                                            chat_request asked) {
  auto request = encoded(*core, asked, /*stream=*/true);
  const auto body_max = request.limits.body_max;
  auto entering = admission::wait_for(core, tokens_of(asked));
  admission call = co_await entering;
  std::optional<error> failure;
  try {
    auto opening = open_through(core, std::move(request));
    auto body = co_await opening;
    if (body->head().status == 200 && is_event_stream(body->head())) {
      auto builder = core->format().build();
      co_return std::make_unique<open_reply>(std::move(call), std::move(body),
                                             std::move(builder));
    }
    auto reading = rest_of(std::move(body), body_max);
    auto got = co_await reading;
    const auto good = checked(*core, std::move(got));
    throw error{errc::bad_reply, "the server does not stream its reply"};
  } catch (...) {
    failure = call.fail();
  }
  throw error{*failure};
}

error cut_off(const open_reply& open) {
  return error{errc::request_failed,
               "the stream of the reply was cut off after " +
                   std::to_string(open.into->text().size()) +
                   " bytes of its text"};
}

task<std::optional<std::string>> next_of(open_reply& open) {
  if (open.failure) throw error{*open.failure};
  if (open.is_over) co_return std::nullopt;
  try {
    for (;;) {
      if (auto text = open.next_text()) co_return text;
      if (open.into->is_complete()) break;
      auto reading = open.body->read();
      const auto part = co_await reading;
      if (!part) throw cut_off(open);
      open.events.feed(*part);
    }
    open.finish();
  } catch (...) {
    open.failure = open.call.fail();
  }
  if (open.failure) throw error{*open.failure};
  co_return std::nullopt;
}

task<chat_reply> ask_streaming(std::shared_ptr<client_core> core, context& ctx,
                               chat_request asked) {
  auto opening = open_call(std::move(core), std::move(asked));
  const auto open = co_await opening;
  for (;;) {
    auto reading = next_of(*open);
    auto token = co_await reading;
    if (!token) break;
    ctx.emit(json{{"token", std::move(*token)}});
  }
  co_return std::move(open->reply);
}

task<http_response> fetch(std::shared_ptr<client_core> core,
                          http_request request, double tokens) {
  request.limits = core->options().limits;
  auto entering = admission::wait_for(core, tokens);
  admission call = co_await entering;
  std::optional<error> failure;
  try {
    auto sending = send_through(core, std::move(request));
    auto got = co_await sending;
    auto good = checked(*core, std::move(got));
    call.succeed({});
    co_return good;
  } catch (...) {
    failure = call.fail();
  }
  throw error{*failure};
}

task<embedding_reply> embedded(std::shared_ptr<client_core> core,
                               std::vector<std::string> texts) {
  if (core->options().api == api::anthropic_messages) {
    throw error{errc::bad_value, "Anthropic has no embeddings"}.permanent();
  }
  auto request = encode_embedding(core->options().model, texts, core->at());
  std::size_t bytes = 0;
  for (const auto& each : texts) bytes += each.size();
  auto fetching = fetch(std::move(core), std::move(request),
                        static_cast<double>(bytes) / bytes_per_token);
  const auto reply = co_await fetching;
  co_return decode_embedding(reply.body, texts.size());
}

task<std::vector<std::string>> listed(std::shared_ptr<client_core> core) {
  auto request = core->format().encode_models(core->at());
  auto fetching = fetch(std::move(core), std::move(request), 0);
  const auto reply = co_await fetching;
  co_return decode_models(reply.body);
}

}  // namespace
}  // namespace detail

// -- streams ------------------------------------------------------------------

chat_stream::chat_stream(std::unique_ptr<detail::open_reply> open) noexcept
    : open_(std::move(open)) {}
chat_stream::chat_stream(chat_stream&&) noexcept = default;
chat_stream& chat_stream::operator=(chat_stream&&) noexcept = default;
chat_stream::~chat_stream() = default;

task<std::optional<std::string>> chat_stream::next() {
  return detail::next_of(*open_);
}

const std::string& chat_stream::text() const noexcept {
  return open_->into->text();
}

const chat_reply& chat_stream::reply() const noexcept { return open_->reply; }

// -- clients ------------------------------------------------------------------

client::client(http_client web, client_options options)
    : core_(std::make_shared<detail::client_core>(std::move(web),
                                                  std::move(options))) {}

client::client(system& where, client_options options) {
  std::optional<http_client> web;
  if (options.replay_from.empty()) web.emplace(where);
  core_ =
      std::make_shared<detail::client_core>(std::move(web), std::move(options));
}

task<chat_reply> client::chat(context& ctx, chat_request asked) const {
  if (core_->options().stream) {
    return detail::ask_streaming(core_, ctx, std::move(asked));
  }
  return detail::ask(core_, std::move(asked));
}

task<chat_stream> client::opened(std::shared_ptr<detail::client_core> core,
                                 chat_request asked) {
  auto opening = detail::open_call(std::move(core), std::move(asked));
  auto open = co_await opening;
  co_return chat_stream{std::move(open)};
}

task<chat_stream> client::open(chat_request asked) const {
  return opened(core_, std::move(asked));
}

task<embedding_reply> client::embed(std::vector<std::string> texts) const {
  return detail::embedded(core_, std::move(texts));
}

task<std::vector<std::string>> client::models() const {
  return detail::listed(core_);
}

const client_options& client::options() const noexcept {
  return core_->options();
}

}  // namespace troupe::llm
