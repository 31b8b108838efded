#include "model/reply_body.hpp"

#include "model/client_core.hpp"

#include <utility>

namespace troupe::llm::detail {

namespace {

/// Comes from a server; written down at its end, if that is asked for.
class live_body final : public reply_body {
 public:
  live_body(std::shared_ptr<client_core> core, http_request request,
            http_stream from)
      : core_(std::move(core)),
        request_(std::move(request)),
        stream_(std::move(from)) {
    seen_.response = stream_.head();
  }

  const http_response& head() const noexcept override { return stream_.head(); }
  task<std::optional<std::string>> read() override {
    if (!core_->records()) return stream_.read();
    return recorded();
  }
  void on_complete() override {
    if (core_->records()) core_->record(std::move(request_), std::move(seen_));
  }

 private:
  task<std::optional<std::string>> recorded() {
    auto reading = stream_.read();
    auto part = co_await reading;
    if (part) {
      seen_.response.body += *part;
      seen_.parts.push_back(part->size());
    }
    co_return part;
  }

  std::shared_ptr<client_core> core_;
  http_request request_;
  http_stream stream_;
  recorded_reply seen_;
};

/// Comes from a recording.
class replayed_body final : public reply_body {
 public:
  explicit replayed_body(recorded_reply from) : from_(std::move(from)) {
    head_ = from_.response;
    head_.body.clear();
    if (from_.parts.empty()) from_.parts = {from_.response.body.size()};
  }

  const http_response& head() const noexcept override { return head_; }
  task<std::optional<std::string>> read() override {
    if (next_ == from_.parts.size()) co_return std::nullopt;
    const std::size_t size = from_.parts[next_++];
    auto part = from_.response.body.substr(at_, size);
    at_ += size;
    co_return part;
  }

 private:
  recorded_reply from_;
  http_response head_;
  std::size_t next_ = 0;
  std::size_t at_ = 0;
};

}  // namespace

task<http_response> send_through(std::shared_ptr<client_core> core,
                                 http_request request) {
  if (core->replays()) co_return core->replayed(std::move(request)).response;
  std::optional<http_request> kept;
  if (core->records()) kept = request;
  auto sending = core->web().send(std::move(request));
  auto reply = co_await sending;
  if (kept) core->record(std::move(*kept), {reply, {}});
  co_return reply;
}

task<std::unique_ptr<reply_body>> open_through(
    std::shared_ptr<client_core> core, http_request request) {
  if (core->replays()) {
    co_return std::make_unique<replayed_body>(
        core->replayed(std::move(request)));
  }
  http_request kept{""};
  if (core->records()) kept = request;
  auto opening = core->web().open(std::move(request));
  auto stream = co_await opening;
  co_return std::make_unique<live_body>(std::move(core), std::move(kept),
                                        std::move(stream));
}

}  // namespace troupe::llm::detail
