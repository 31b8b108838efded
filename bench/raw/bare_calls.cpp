#include "measure.hpp"
#include "models/model_calls.hpp"

#include <troupe/http/sse.hpp>

#include <climits>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <curl/curl.h>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <sys/epoll.h>
#include <unistd.h>
#include <utility>

namespace troupe::bench {

namespace {

using nlohmann::json;

constexpr double ns_per_ms = 1e6;
constexpr double never_ns = 1e300;

template <auto Release>
struct released {
  template <class T>
  void operator()(T* gone) const noexcept {
    Release(gone);
  }
};
using easy_handle = std::unique_ptr<CURL, released<curl_easy_cleanup>>;
using multi_handle = std::unique_ptr<CURLM, released<curl_multi_cleanup>>;
using header_list = std::unique_ptr<curl_slist, released<curl_slist_free_all>>;

header_list headers_of_calls(bool is_streamed) {
  curl_slist* all = nullptr;
  for (const char* each :
       {"Content-Type: application/json",
        is_streamed ? "Accept: text/event-stream" : "Accept: application/json",
        "Expect:"}) {
    all = curl_slist_append(all, each);
  }
  return header_list{all};
}

/// One of the calls at once: its handle is used for one after the other.
class bare_call {
 public:
  bare_call(const std::string& url, const curl_slist* headers, bool is_streamed)
      : easy_(curl_easy_init()), is_streamed_(is_streamed) {
    CURL* const easy = easy_.get();
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &bare_call::on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  }
  bare_call(const bare_call&) = delete;
  bare_call& operator=(const bare_call&) = delete;
  ~bare_call() = default;

  [[nodiscard]] CURL* easy() const noexcept { return easy_.get(); }

  void begin(double* first_token_ns) {
    first_token_ns_ = first_token_ns;
    began_ns_ = now_ns();
    held_ns_ = 0;
    reply_.clear();
    text_.clear();
    events_.reset();
    if (is_streamed_) events_.emplace();
    json asked{
        {"model", "none"},
        {"messages",
         json::array({{{"role", "user"}, {"content", model_prompt()}}})}};
    if (is_streamed_) {
      asked["stream"] = true;
      asked["stream_options"] = {{"include_usage", true}};
    }
    body_ = asked.dump();
    curl_easy_setopt(easy(), CURLOPT_POSTFIELDS, body_.data());
    curl_easy_setopt(easy(), CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(body_.size()));
  }

  void end(CURLcode result) {
    long status = 0;
    curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
    if (result != CURLE_OK || status != 200) {
      throw std::runtime_error{
          "a bare call failed: " + std::string{curl_easy_strerror(result)} +
          ", " + std::to_string(status)};
    }
    if (!is_streamed_) {
      take_text(
          json::parse(reply_).at("choices").at(0).at("message").at("content"));
    }
    *first_token_ns_ -= held_ns_;
  }

 private:
  static std::size_t on_body(char* bytes, std::size_t, std::size_t size,
                             void* self) noexcept {
    auto& me = *static_cast<bare_call*>(self);
    try {
      if (me.is_streamed_) {
        me.take_events({bytes, size});
      } else {
        me.reply_.append(bytes, size);
      }
      return size;
    } catch (const std::exception&) {
      // Ends the call, which is then told.
      return CURL_WRITEFUNC_ERROR;
    }
  }

  void take_events(std::string_view bytes) {
    events_->feed(bytes);
    while (const auto event = events_->next()) {
      if (event->data == "[DONE]") continue;
      const json chunk = json::parse(event->data);
      const auto& choices = chunk.at("choices");
      if (choices.empty()) continue;
      const auto& delta = choices.at(0).at("delta");
      const auto found = delta.find("content");
      if (found != delta.end() && found->is_string()) take_text(*found);
    }
  }

  void take_text(const json& content) {
    const auto& part = content.get_ref<const std::string&>();
    if (text_.empty()) {
      *first_token_ns_ = now_ns() - began_ns_;
      held_ns_ = held_ns(part);
    }
    text_ += part;
  }

  easy_handle easy_;
  bool is_streamed_;
  std::string body_;
  std::string reply_;
  std::string text_;
  std::optional<sse_parser> events_;
  double began_ns_ = 0;
  double held_ns_ = 0;
  double* first_token_ns_ = nullptr;
};

/// Some of the calls, with a multi handle of their own: libcurl walks through
/// all connections of one for each call that begins, which shows from some 256
/// on. `pool` in troupe::llm does the same.
class bare_pool {
 public:
  static constexpr std::size_t calls_max = 256;

  /// Has its sockets watched by the epoll instance `poll`, under `tag`.
  bare_pool(int poll, std::uint32_t tag)
      : poll_(poll), tag_(tag), multi_(curl_multi_init()) {
    CURLM* const multi = multi_.get();
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &bare_pool::on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &bare_pool::on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS,
                      static_cast<long>(calls_max));
  }
  bare_pool(const bare_pool&) = delete;
  bare_pool& operator=(const bare_pool&) = delete;
  ~bare_pool() {
    for (const auto& each : calls_) {
      curl_multi_remove_handle(multi_.get(), each->easy());
    }
  }

  [[nodiscard]] bool is_full() const { return calls_.size() == calls_max; }
  bare_call& add(std::unique_ptr<bare_call> added) {
    calls_.push_back(std::move(added));
    return *calls_.back();
  }
  void begin(const bare_call& one) {
    curl_multi_add_handle(multi_.get(), one.easy());
  }

  void act(int socket, int mask) {
    int running = 0;
    curl_multi_socket_action(multi_.get(), socket, mask, &running);
  }
  [[nodiscard]] double next_call_ns() const { return next_call_ns_; }
  void go_on() {
    next_call_ns_ = never_ns;
    act(CURL_SOCKET_TIMEOUT, 0);
  }
  /// The next call that has ended, or null.
  bare_call* take_ended() {
    int left = 0;
    const CURLMsg* told = curl_multi_info_read(multi_.get(), &left);
    if (told == nullptr) return nullptr;
    CURL* const easy = told->easy_handle;
    const CURLcode result = told->data.result;
    char* found = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &found);
    auto* const call = reinterpret_cast<bare_call*>(found);
    curl_multi_remove_handle(multi_.get(), easy);
    call->end(result);
    return call;
  }

 private:
  static int on_socket(CURL*, curl_socket_t socket, int what, void* self,
                       void* known) noexcept {
    auto& me = *static_cast<bare_pool*>(self);
    epoll_event event{};
    event.events = ((what & CURL_POLL_IN) != 0 ? std::uint32_t{EPOLLIN} : 0U) |
                   ((what & CURL_POLL_OUT) != 0 ? std::uint32_t{EPOLLOUT} : 0U);
    event.data.u64 =
        std::uint64_t{me.tag_} << 32 | static_cast<std::uint32_t>(socket);
    const int how = what == CURL_POLL_REMOVE ? EPOLL_CTL_DEL
                    : known == nullptr       ? EPOLL_CTL_ADD
                                             : EPOLL_CTL_MOD;
    epoll_ctl(me.poll_, how, socket, &event);
    curl_multi_assign(me.multi_.get(), socket, &me);
    return 0;
  }

  static int on_timer(CURLM*, long wait_ms, void* self) noexcept {
    static_cast<bare_pool*>(self)->next_call_ns_ =
        wait_ms < 0 ? never_ns
                    : now_ns() + static_cast<double>(wait_ms) * ns_per_ms;
    return 0;
  }

  const int poll_;
  const std::uint32_t tag_;
  std::vector<std::unique_ptr<bare_call>> calls_;
  double next_call_ns_ = never_ns;
  multi_handle multi_;
};

class bare_loop {
 public:
  bare_loop(const model_calls& which, std::vector<double>& first_token_ns)
      : which_(which),
        first_token_ns_(first_token_ns),
        url_(which.base_url + "/chat/completions"),
        headers_(headers_of_calls(which.is_streamed)),
        poll_(epoll_create1(EPOLL_CLOEXEC)) {}
  bare_loop(const bare_loop&) = delete;
  bare_loop& operator=(const bare_loop&) = delete;
  ~bare_loop() {
    pools_.clear();
    close(poll_);
  }

  void run() {
    began_ns_ = now_ns();
    while (ended_ < which_.count) {
      begin_those_due();
      wait();
      for (auto& each : pools_) take_ended(*each);
    }
  }

 private:
  [[nodiscard]] bool has_to_start() const {
    return begun_ < std::min(which_.concurrency, which_.count) &&
           started_ < which_.concurrency;
  }

  [[nodiscard]] double next_start_ns() const {
    return began_ns_ + static_cast<double>(which_.start_of(started_).count());
  }

  void begin_those_due() {
    while (has_to_start() && next_start_ns() <= now_ns()) {
      ++started_;
      auto& in = pool_with_room();
      begin(in, in.add(std::make_unique<bare_call>(url_, headers_.get(),
                                                   which_.is_streamed)));
    }
  }

  bare_pool& pool_with_room() {
    if (pools_.empty() || pools_.back()->is_full()) {
      const auto tag = static_cast<std::uint32_t>(pools_.size());
      pools_.push_back(std::make_unique<bare_pool>(poll_, tag));
    }
    return *pools_.back();
  }

  void begin(bare_pool& in, bare_call& one) {
    one.begin(&first_token_ns_[begun_++]);
    in.begin(one);
  }

  void wait() {
    double until = has_to_start() ? next_start_ns() : never_ns;
    for (const auto& each : pools_) {
      until = std::min(until, each->next_call_ns());
    }
    const double ms =
        std::clamp((until - now_ns()) / ns_per_ms + 0.999, 0.0, 1000.0);
    const int count =
        epoll_wait(poll_, found_.data(), static_cast<int>(found_.size()),
                   static_cast<int>(ms));
    for (int i = 0; i < count; ++i) act(found_[static_cast<std::size_t>(i)]);
    const double now = now_ns();
    for (auto& each : pools_) {
      if (each->next_call_ns() <= now) each->go_on();
    }
  }

  void act(const epoll_event& event) {
    const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    const int mask =
        ((event.events & EPOLLIN) != 0 || broken ? CURL_CSELECT_IN : 0) |
        ((event.events & EPOLLOUT) != 0 || broken ? CURL_CSELECT_OUT : 0);
    const std::uint64_t tag = event.data.u64;
    pools_[tag >> 32]->act(static_cast<int>(tag & 0xffff'ffffU), mask);
  }

  void take_ended(bare_pool& in) {
    while (auto* const call = in.take_ended()) {
      ++ended_;
      if (begun_ < which_.count) begin(in, *call);
    }
  }

  const model_calls& which_;
  std::vector<double>& first_token_ns_;
  const std::string url_;
  const header_list headers_;
  int poll_;
  std::vector<std::unique_ptr<bare_pool>> pools_;
  std::array<epoll_event, 256> found_;
  double began_ns_ = 0;
  std::size_t started_ = 0;
  std::size_t begun_ = 0;
  std::size_t ended_ = 0;
};

}  // namespace

model_call_figures make_bare_calls(const model_calls& which) {
  model_call_figures found;
  found.first_token_ns.resize(which.count);
  const double cpu = cpu_s();
  const double before = now_ns();
  bare_loop all{which, found.first_token_ns};
  all.run();
  found.wall_s = (now_ns() - before) * 1e-9;
  found.cpu_s = cpu_s() - cpu;
  return found;
}

}  // namespace troupe::bench
