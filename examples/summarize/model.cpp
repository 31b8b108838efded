#include "summarize/model.hpp"

#include "summarize/cluster.hpp"

#include <troupe/llm/client.hpp>
#include <troupe/printable.hpp>
#include <troupe/system.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace summarize {

namespace {

using namespace std::chrono_literals;
namespace llm = troupe::llm;

/// The most bytes of a summary: those of the text, within limits.
std::size_t summary_bytes_max(std::size_t text_bytes) {
  constexpr std::size_t least = std::size_t{4} * 1024;
  constexpr std::size_t most = std::size_t{64} * 1024;
  return std::clamp(text_bytes, least, most);
}

/// Summarises by a model.
struct by_model {
  troupe::task<summary> operator()(std::string text,
                                   troupe::context& ctx) const {
    auto reply = co_await model.chat(ctx, request_for(text));
    ctx.emit(troupe::value::object({{"tokens_in", reply.usage.input},
                                    {"tokens_out", reply.usage.output}}));
    if (reply.text().empty()) {
      throw troupe::error{
          troupe::errc::bad_reply,
          "the model gave no summary: it ended with \"" +
              troupe::printable(reply.finish_text, troupe::line_breaks::joined,
                                100) +
              "\""};
    }
    const auto bytes_max = summary_bytes_max(text.size());
    const bool is_cut = reply.finish == llm::finish_reason::length ||
                        reply.message.text.size() > bytes_max;
    summary made{troupe::cut(reply.message.text, bytes_max), is_cut};
    co_return made;
  }

  [[nodiscard]] llm::chat_request request_for(const std::string& text) const {
    llm::chat_request asked{
        {llm::message::system("You summarise texts. Answer with the summary "
                              "alone, in at most " +
                              std::to_string(sentences) +
                              " sentences and in the language of the text."),
         llm::message::user(text)}};
    asked.temperature = 0;
    return asked;
  }

  llm::client model;
  std::size_t sentences;
};

llm::api api_of(const std::string& name) {
  if (name == "anthropic") return llm::api::anthropic_messages;
  if (name == "responses") return llm::api::openai_responses;
  return llm::api::openai_chat;
}

}  // namespace

troupe::flow model_flow(troupe::system& system, file_list files,
                        const command_line& chosen,
                        const flow_settings& settings) {
  llm::client_options how;
  how.model = *chosen.model;
  how.api = api_of(chosen.api);
  how.base_url = chosen.base_url;
  how.stream = true;
  flow_settings with_retries = settings;
  if (listens(chosen)) {
    // Passes are taken here, so this one is for all workers together.
    if (chosen.rpm) {
      with_retries.summarizing.limits = {
          troupe::rate_limit{system, {.requests = {.amount = *chosen.rpm}}}};
    }
  } else if (chosen.rpm || chosen.tpm) {
    troupe::rate_limit_options allowed;
    // Without a limit of requests, one that is out of reach.
    allowed.requests.amount = chosen.rpm.value_or(1e9);
    if (chosen.tpm) allowed.tokens = troupe::rate{.amount = *chosen.tpm};
    how.rate = troupe::rate_limit{system, allowed};
  }
  with_retries.summarizing.retry = {.attempts = 5,
                                    .wait = 1s,
                                    .backoff = 2,
                                    .wait_max = 5min,
                                    .jitter = troupe::jitter::equal};
  return summarize_flow(
      std::move(files),
      by_model{llm::client{system, std::move(how)}, chosen.sentences},
      with_retries);
}

}  // namespace summarize
