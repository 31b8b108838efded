#include "base/split_secrets.hpp"
#include "model/client_core.hpp"
#include "model/reply_body.hpp"
#include "model/reply_reader.hpp"

#include <troupe/llm/client.hpp>
#include <troupe/llm/history.hpp>
#include <troupe/llm/json_schema.hpp>
#include <troupe/llm/structured.hpp>
#include <troupe/system.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <type_traits>
#include <utility>

namespace troupe::llm {

namespace detail {

/// A reply that is being streamed.
class open_reply {
 public:
  open_reply(admission let_in, std::unique_ptr<reply_body> from,
             reply_reader through)
      : call(std::move(let_in)),
        body(std::move(from)),
        reader(std::move(through)) {}

  void finish();

  admission call;
  std::unique_ptr<reply_body> body;
  reply_reader reader;
  chat_reply reply;
  bool is_over = false;
  /// The reason why there is no more.
  std::optional<error> failure;
};

void open_reply::finish() {
  reply = reader.finish();
  is_over = true;
  body->on_complete();
  call.succeed(reply.usage);
}

namespace {

constexpr double bytes_per_token = 4;

/// Returns the number of tokens that a call is likely to take; see
/// `client_options::rate`.
double tokens_of(const chat_request& asked) {
  return static_cast<double>(token_estimate(asked.messages) +
                             asked.max_tokens.value_or(0));
}

http_request encoded(const client_core& core, chat_request& asked,
                     bool stream) {
  if (asked.model.empty()) asked.model = core.options().model;
  if (asked.model.empty()) {
    throw error{errc::bad_value,
                "neither the request nor the client names a model: set "
                "chat_request::model or client_options.model"}
        .permanent();
  }
  return core.completed(core.format().encode(asked, core.at(), stream));
}

usage usage_of(const chat_reply& reply) { return reply.usage; }
usage usage_of(const embedding_reply& reply) { return reply.usage; }
usage usage_of(const model_page&) { return {}; }

/// Sends a request that is likely to take `tokens`. Returns the result of
/// `read(response, asked)` for a good response.
template <class Read>
auto fetch(std::shared_ptr<client_core> core, http_request request,
           double tokens, Read read)
    -> task<
        std::invoke_result_t<Read, const http_response&, const std::string&>> {
  const auto asked = asked_by(request);
  auto entering = admission::wait_for(core, tokens, asked);
  admission call = co_await entering;
  std::optional<error> failure;
  try {
    auto sending = send_through(core, std::move(request));
    auto got = co_await sending;
    const auto good = checked(*core, std::move(got), asked);
    auto reply = read(good, asked);
    call.succeed(usage_of(reply));
    co_return reply;
  } catch (...) {
    failure = call.fail();
  }
  throw error{*failure};
}

task<chat_reply> ask(std::shared_ptr<client_core> core, chat_request asked) {
  auto request = encoded(*core, asked, /*stream=*/false);
  const auto& format = core->format();
  auto read = [&format](const http_response& got, const std::string& by) {
    return reply_in(format, got, by);
  };
  return fetch(std::move(core), std::move(request), tokens_of(asked), read);
}

// Reads a whole body that tells of a failure.
task<http_response> rest_of(std::unique_ptr<reply_body> from) {
  http_response whole = from->head();
  for (;;) {
    auto reading = from->read();
    auto part = co_await reading;
    if (!part) break;
    whole.body += *part;
  }
  from->on_complete();
  co_return whole;
}

task<std::unique_ptr<open_reply>> open_call(std::shared_ptr<client_core> core,
                                            chat_request asked) {
  auto request = encoded(*core, asked, /*stream=*/true);
  const auto by = asked_by(request);
  auto entering = admission::wait_for(core, tokens_of(asked), by);
  admission call = co_await entering;
  std::optional<error> failure;
  try {
    auto opening = open_through(core, std::move(request));
    auto body = co_await opening;
    const int status = body->head().status;
    if (status < 200 || status >= 300) {
      auto reading = rest_of(std::move(body));
      auto got = co_await reading;
      static_cast<void>(checked(*core, std::move(got), by));
    }
    reply_reader reader{core->format(), body->head(), by};
    co_return std::make_unique<open_reply>(std::move(call), std::move(body),
                                           std::move(reader));
  } catch (...) {
    failure = call.fail();
  }
  throw error{*failure};
}

task<std::optional<std::string>> next_of(open_reply& open) {
  if (open.failure) throw error{*open.failure};
  if (open.is_over) co_return std::nullopt;
  try {
    for (;;) {
      if (auto text = open.reader.next()) co_return text;
      if (open.reader.is_at_end()) break;
      auto reading = open.body->read();
      const auto part = co_await reading;
      if (part) {
        open.reader.take(*part);
      } else {
        open.reader.take_end();
      }
    }
    open.finish();
  } catch (...) {
    const bool answers = open.reader.has_begun() && open.reader.is_at_end();
    open.failure =
        open.call.fail(answers ? server_is::answering : server_is::as_told);
  }
  if (open.failure) throw error{*open.failure};
  co_return std::nullopt;
}

task<chat_reply> ask_streaming(std::shared_ptr<client_core> core, context& ctx,
                               chat_request asked) {
  auto opening = open_call(core, std::move(asked));
  const auto open = co_await opening;
  masked_parts tokens{core->hidden()};
  const auto show = [&ctx](std::string text) {
    if (!text.empty()) ctx.emit(json{{"token", std::move(text)}});
  };
  std::optional<error> failure;
  try {
    for (;;) {
      auto reading = next_of(*open);
      const auto token = co_await reading;
      if (!token) break;
      show(tokens.add(*token));
    }
  } catch (const error& why) {
    failure = why;
  }
  show(tokens.finish());
  if (failure) throw error{*failure};
  co_return std::move(open->reply);
}

task<chat_reply> ask_once(std::shared_ptr<client_core> core, context& ctx,
                          chat_request asked) {
  if (!core->options().stream) return ask(std::move(core), std::move(asked));
  return ask_streaming(std::move(core), ctx, std::move(asked));
}

/// The schema of a reply, if it can be checked here. `read_reply` says what is
/// wrong with one that cannot.
std::optional<json_schema> schema_of_reply(const chat_request& asked) {
  if (!asked.reply_as) return std::nullopt;
  try {
    return json_schema{asked.reply_as->schema};
  } catch (const error&) {
    return std::nullopt;
  }
}

task<chat_reply> ask_to_fit(std::shared_ptr<client_core> core, context& ctx,
                            chat_request asked, json_schema schema) {
  usage used;
  for (auto left = core->options().schema_retries;; --left) {
    auto asking = ask_once(core, ctx, asked);
    auto reply = co_await asking;
    used += reply.usage;
    reply.usage = used;
    const auto wrong = mistake_in(reply, schema);
    if (!wrong || left == 0) co_return reply;
    add_correction(asked.messages, std::move(reply.message), *wrong);
  }
}

task<embedding_reply> embedded(std::shared_ptr<client_core> core,
                               std::vector<std::string> texts, json extra) {
  if (core->options().api == api::anthropic_messages) {
    throw error{
        errc::bad_value,
        "Anthropic's API has no embeddings: use a client of another API"}
        .permanent();
  }
  auto request = core->completed(
      encode_embedding(core->options().model, texts, core->at(), extra));
  std::size_t bytes = 0;
  for (const auto& each : texts) bytes += each.size();
  auto read = [count = texts.size()](const http_response& got,
                                     const std::string&) {
    return decode_embedding(got.body, count);
  };
  auto fetching = fetch(std::move(core), std::move(request),
                        static_cast<double>(bytes) / bytes_per_token, read);
  co_return co_await fetching;
}

model_page page_in(const http_response& got, const std::string&) {
  return decode_model_page(got.body);
}

task<std::vector<std::string>> listed(std::shared_ptr<client_core> core) {
  static constexpr std::size_t pages_max = 200;
  static constexpr std::size_t names_max = 100'000;
  std::vector<std::string> names;
  std::string after;
  for (std::size_t pages = 0; pages < pages_max; ++pages) {
    auto request =
        core->completed(core->format().encode_models(core->at(), after));
    auto fetching = fetch(core, std::move(request), 0, &page_in);
    auto page = co_await fetching;
    // A server that knows of no parts gives the same one again.
    if (!after.empty() && page.next == after) co_return names;
    if (page.names.size() > names_max - names.size()) break;
    std::move(page.names.begin(), page.names.end(), std::back_inserter(names));
    if (page.next.empty()) co_return names;
    after = std::move(page.next);
  }
  throw error{errc::bad_reply,
              "the server's list of models is too long: it has more than " +
                  std::to_string(pages_max) + " pages or " +
                  std::to_string(names_max) + " names"};
}

}  // namespace
}  // namespace detail

// -- streams ------------------------------------------------------------------

chat_stream::chat_stream(std::unique_ptr<detail::open_reply> open) noexcept
    : open_(std::move(open)) {}
chat_stream::chat_stream(chat_stream&&) noexcept = default;
chat_stream& chat_stream::operator=(chat_stream&&) noexcept = default;
chat_stream::~chat_stream() = default;

task<std::optional<std::string>> chat_stream::next() & {
  return detail::next_of(*open_);
}

const std::string& chat_stream::text() const& noexcept {
  return open_->reader.text();
}

const chat_reply& chat_stream::reply() const& noexcept { return open_->reply; }

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

task<chat_reply> client::chat(context& ctx, std::string prompt) const {
  return chat(ctx, chat_request{std::move(prompt)});
}

task<chat_reply> client::chat(context& ctx,
                              std::vector<message> conversation) const {
  return chat(ctx, chat_request{std::move(conversation)});
}

task<chat_reply> client::chat(context& ctx, chat_request asked) const {
  if (core_->options().schema_retries > 0) {
    if (auto schema = detail::schema_of_reply(asked)) {
      return detail::ask_to_fit(core_, ctx, std::move(asked),
                                *std::move(schema));
    }
  }
  return detail::ask_once(core_, ctx, std::move(asked));
}

task<chat_stream> client::opened(std::shared_ptr<detail::client_core> core,
                                 chat_request asked) {
  auto opening = detail::open_call(std::move(core), std::move(asked));
  auto open = co_await opening;
  co_return chat_stream{std::move(open)};
}

task<chat_stream> client::open(std::string prompt) const {
  return open(chat_request{std::move(prompt)});
}

task<chat_stream> client::open(chat_request asked) const {
  return opened(core_, std::move(asked));
}

task<embedding_reply> client::embed(std::vector<std::string> texts) const {
  return detail::embedded(core_, std::move(texts), json::object());
}

task<embedding_reply> client::embed(std::vector<std::string> texts,
                                    json extra) const {
  return detail::embedded(core_, std::move(texts), std::move(extra));
}

task<std::vector<std::string>> client::models() const {
  return detail::listed(core_);
}

const client_options& client::options() const& noexcept {
  return core_->options();
}

}  // namespace troupe::llm
