// A model server without a model, for measuring its clients. It speaks
// OpenAI's chat completions:
//
//     model_server [--latency-ms L] [--tokens N] [--token-ms T] [--rate R]
//
// It listens at a free port of 127.0.0.1, which it prints, and ends when its
// input does. The first token of a reply says for how many nanoseconds the
// server held the request, so that a client can tell what it added to them.
// Of more than R requests within any second it refuses those above. GET /stats
// gives what was counted since the last time that it was asked for.

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <exception>
#include <iostream>
#include <memory>
#include <netinet/tcp.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

namespace {

using clock = std::chrono::steady_clock;
using nlohmann::json;
using std::chrono::milliseconds;

struct options {
  std::int64_t latency_ms = 0;
  std::size_t tokens = 16;
  std::int64_t token_ms = 0;
  std::size_t rate = 0;
};

template <class T>
T* checked(T* made, const char* what) {
  if (made == nullptr) throw std::runtime_error{what};
  return made;
}

timeval span_of(std::int64_t ms) {
  return {static_cast<time_t>(ms / 1000),
          static_cast<suseconds_t>(ms % 1000 * 1000)};
}

/// Lets at most so many requests pass within any second.
class sliding_window {
 public:
  explicit sliding_window(std::size_t rate) : rate_(rate) {}

  bool lets_pass(clock::time_point now) {
    if (rate_ == 0) return true;
    const auto second_ago = now - std::chrono::seconds{1};
    while (!passed_.empty() && passed_.front() <= second_ago) {
      passed_.pop_front();
    }
    if (passed_.size() >= rate_) return false;
    passed_.push_back(now);
    return true;
  }

 private:
  std::size_t rate_;
  std::deque<clock::time_point> passed_;
};

struct counts {
  std::size_t accepted = 0;
  std::size_t rejected = 0;
  std::size_t rejected_after_first_second = 0;
  std::size_t in_flight = 0;
  std::size_t in_flight_max = 0;
  std::optional<clock::time_point> first;
};

std::string chunk_of(const std::string& text) {
  const json delta{{"role", "assistant"}, {"content", text}};
  const json choice{{"index", 0}, {"delta", delta}, {"finish_reason", nullptr}};
  const json chunk{{"id", "chatcmpl-1"},
                   {"object", "chat.completion.chunk"},
                   {"created", 1},
                   {"model", "none"},
                   {"choices", json::array({choice})}};
  return "data: " + chunk.dump() + "\n\n";
}

std::string end_of_chunks() {
  const json choice{
      {"index", 0}, {"delta", json::object()}, {"finish_reason", "stop"}};
  const json chunk{{"id", "chatcmpl-1"},
                   {"object", "chat.completion.chunk"},
                   {"created", 1},
                   {"model", "none"},
                   {"choices", json::array({choice})}};
  return "data: " + chunk.dump() + "\n\ndata: [DONE]\n\n";
}

std::string whole_of(const std::string& text, std::size_t tokens) {
  const json said{{"role", "assistant"}, {"content", text}};
  const json choice{{"index", 0}, {"message", said}, {"finish_reason", "stop"}};
  const json usage{{"prompt_tokens", 8},
                   {"completion_tokens", tokens},
                   {"total_tokens", tokens + 8}};
  return json{{"id", "chatcmpl-1"},
              {"object", "chat.completion"},
              {"created", 1},
              {"model", "none"},
              {"choices", json::array({choice})},
              {"usage", usage}}
      .dump();
}

std::string error_of(const std::string& text, const std::string& type) {
  return json{{"error", {{"message", text}, {"type", type}}}}.dump();
}

void add_header(evhttp_request* to, const char* name, const char* value) {
  evhttp_add_header(evhttp_request_get_output_headers(to), name, value);
}

void reply_json(evhttp_request* to, int status, const std::string& body) {
  add_header(to, "Content-Type", "application/json");
  evbuffer* content = evhttp_request_get_output_buffer(to);
  evbuffer_add(content, body.data(), body.size());
  evhttp_send_reply(to, status, nullptr, nullptr);
}

std::string body_of(evhttp_request* from) {
  evbuffer* content = evhttp_request_get_input_buffer(from);
  std::string body(evbuffer_get_length(content), '\0');
  evbuffer_copyout(content, body.data(), body.size());
  return body;
}

class model_server {
 public:
  explicit model_server(const options& given)
      : given_(given),
        window_(given.rate),
        rest_of_tokens_(tokens_after_first(given.tokens)) {
    const std::unique_ptr<event_config, decltype(&event_config_free)> config{
        checked(event_config_new(), "no memory"), &event_config_free};
    event_config_set_flag(config.get(), EVENT_BASE_FLAG_PRECISE_TIMER);
    base_ = checked(event_base_new_with_config(config.get()), "no event loop");
    http_ = checked(evhttp_new(base_), "no HTTP server");
    evhttp_set_allowed_methods(http_, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
    evhttp_set_gencb(http_, &model_server::on_request, this);
  }
  model_server(const model_server&) = delete;
  model_server& operator=(const model_server&) = delete;
  ~model_server() {
    if (input_ != nullptr) event_free(input_);
    evhttp_free(http_);
    event_base_free(base_);
  }

  /// The port.
  int listen() {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    evconnlistener* listener = checked(
        evconnlistener_new_bind(base_, nullptr, nullptr, LEV_OPT_CLOSE_ON_FREE,
                                backlog, reinterpret_cast<sockaddr*>(&at),
                                static_cast<int>(sizeof at)),
        "cannot listen at 127.0.0.1");
    checked(evhttp_bind_listener(http_, listener), "cannot listen");
    const int socket = evconnlistener_get_fd(listener);
    // Connections take this over from the socket that they come from.
    const int one = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    socklen_t size = sizeof at;
    if (getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
      throw std::runtime_error{"there is no port"};
    }
    return ntohs(at.sin_port);
  }

  void run_to_end_of_input() {
    input_ = checked(event_new(base_, STDIN_FILENO, EV_READ | EV_PERSIST,
                               &model_server::on_input, base_),
                     "cannot watch the input");
    event_add(input_, nullptr);
    event_base_dispatch(base_);
  }

 private:
  /// A request that is being answered.
  struct call {
    model_server* owner;
    evhttp_request* request;
    event* timer;
    clock::time_point came;
    bool is_streamed;
    std::size_t sent = 0;
  };

  static constexpr int backlog = 4096;

  static std::string tokens_after_first(std::size_t count) {
    std::string all;
    for (std::size_t i = 1; i < count; ++i) all += " token";
    return all;
  }

  static void on_input(evutil_socket_t input, short, void* base) {
    char ignored[256];
    if (read(input, ignored, sizeof ignored) > 0) return;
    event_base_loopbreak(static_cast<event_base*>(base));
  }

  static void on_request(evhttp_request* request, void* self) {
    auto& me = *static_cast<model_server*>(self);
    const std::string_view path =
        evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
    if (path == "/stats") {
      me.tell_counts(request);
    } else if (path == "/v1/chat/completions") {
      me.take(request);
    } else {
      reply_json(request, 404, error_of("there is no such path", "path"));
    }
  }

  void tell_counts(evhttp_request* request) {
    reply_json(request, 200,
               json{{"accepted", counted_.accepted},
                    {"rejected", counted_.rejected},
                    {"rejected_after_first_second",
                     counted_.rejected_after_first_second},
                    {"in_flight_max", counted_.in_flight_max}}
                   .dump());
    const auto under_way = counted_.in_flight;
    counted_ = {};
    counted_.in_flight = counted_.in_flight_max = under_way;
  }

  void take(evhttp_request* request) {
    const auto now = clock::now();
    if (!counted_.first) counted_.first = now;
    if (!window_.lets_pass(now)) {
      ++counted_.rejected;
      if (now - *counted_.first > std::chrono::seconds{1}) {
        ++counted_.rejected_after_first_second;
      }
      add_header(request, "Retry-After", "1");
      reply_json(request, 429, error_of("too many requests", "requests"));
      return;
    }
    const json asked =
        json::parse(body_of(request), nullptr, /*allow_exceptions=*/false);
    if (!asked.is_object() || !asked.contains("messages")) {
      reply_json(request, 400, error_of("this is no chat", "body"));
      return;
    }
    ++counted_.accepted;
    ++counted_.in_flight;
    counted_.in_flight_max =
        std::max(counted_.in_flight_max, counted_.in_flight);
    auto* begun = new call{.owner = this,
                           .request = request,
                           .timer = nullptr,
                           .came = now,
                           .is_streamed = asked.value("stream", false)};
    begun->timer = checked(evtimer_new(base_, &model_server::on_timer, begun),
                           "no memory");
    wait(*begun, given_.latency_ms);
  }

  static void wait(call& of, std::int64_t ms) {
    const timeval span = span_of(ms);
    evtimer_add(of.timer, &span);
  }

  static void on_timer(evutil_socket_t, short, void* held) {
    auto& of = *static_cast<call*>(held);
    of.owner->go_on(of);
  }

  // A request whose client is gone stays here to be answered, into nowhere.
  void go_on(call& of) {
    if (!of.is_streamed) {
      const std::string text = held_ns(of) + rest_of_tokens_;
      reply_json(of.request, 200, whole_of(text, given_.tokens));
      end(of);
      return;
    }
    if (of.sent == 0) {
      add_header(of.request, "Content-Type", "text/event-stream");
      evhttp_send_reply_start(of.request, 200, nullptr);
    }
    std::string events;
    do {
      events += of.sent == 0 ? chunk_of(held_ns(of)) : usual_chunk_;
      ++of.sent;
    } while (given_.token_ms == 0 && of.sent < given_.tokens);
    const bool is_last = of.sent >= given_.tokens;
    if (is_last) events += last_chunk_;
    evbuffer* part = checked(evbuffer_new(), "no memory");
    evbuffer_add(part, events.data(), events.size());
    evhttp_send_reply_chunk(of.request, part);
    evbuffer_free(part);
    if (is_last) {
      evhttp_send_reply_end(of.request);
      end(of);
    } else {
      wait(of, given_.token_ms);
    }
  }

  static std::string held_ns(const call& of) {
    return std::to_string(
        std::chrono::nanoseconds{clock::now() - of.came}.count());
  }

  void end(call& of) {
    --counted_.in_flight;
    event_free(of.timer);
    delete &of;
  }

  const options given_;
  sliding_window window_;
  counts counted_;
  const std::string rest_of_tokens_;
  const std::string usual_chunk_ = chunk_of(" token");
  const std::string last_chunk_ = end_of_chunks();
  event_base* base_ = nullptr;
  evhttp* http_ = nullptr;
  event* input_ = nullptr;
};

void raise_limit_of_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

int main(int count, char** words) {
  options given;
  CLI::App app{"A model server without a model.", "model_server"};
  app.add_option("--latency-ms", given.latency_ms, "Before the first token")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--tokens", given.tokens, "Tokens of a reply")
      ->check(CLI::PositiveNumber);
  app.add_option("--token-ms", given.token_ms,
                 "Between two tokens of a streamed reply")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--rate", given.rate, "Requests within a second, 0 for all");
  CLI11_PARSE(app, count, words);
  try {
    raise_limit_of_files();
    model_server server{given};
    std::cout << server.listen() << std::endl;
    server.run_to_end_of_input();
    return 0;
  } catch (const std::exception& thrown) {
    std::cerr << "model_server: " << thrown.what() << '\n';
    return 1;
  }
}
