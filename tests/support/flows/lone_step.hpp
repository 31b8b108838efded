#pragma once

#include "support/flows/still_host.hpp"

#include <troupe/context.hpp>
#include <troupe/detail/node/node_base.hpp>
#include <troupe/flow.hpp>
#include <troupe/node.hpp>
#include <troupe/node_options.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace troupe_test {

/// One step of one node, without supervisor and actors.
class lone_step final : private troupe::detail::step_services,
                        private troupe::detail::completion {
 public:
  using status = troupe::detail::step_status;

  template <class N>
  explicit lone_step(N node, troupe::node_options options = {},
                     troupe::state shared = {})
      : node_(troupe::detail::added_node{std::move(node)}.model()),
        options_(std::move(options)),
        shared_(std::move(shared)),
        frame_(shared_, *this) {
    frame_.fibers = &host_;
    frame_.told = this;
    frame_.options = &options_;
    frame_.last_attempt = options_.retry.attempts == 1;
  }

  status begin() { return committed(node_->begin(frame_)); }
  status retry(bool is_last = true) {
    ++attempt_;
    frame_.context = troupe::context{*this, attempt_};
    frame_.last_attempt = is_last;
    return committed(node_->retry(frame_));
  }
  status fall_back() { return committed(node_->fall_back(frame_)); }
  /// Goes on if a task of the step has ended.
  status resume() {
    if (!std::exchange(is_ready_, false)) return status::suspended;
    return committed(node_->resume(frame_));
  }
  status after(troupe::duration span) {
    host_.advance(span);
    return resume();
  }
  /// The result of prep, as a store would have it.
  [[nodiscard]] std::optional<troupe::json> prepared() const {
    return frame_.kept ? frame_.kept->prepared_form() : std::nullopt;
  }
  /// As a step whose process has died.
  void restore(const troupe::json& prepared) {
    node_->restore(frame_, prepared);
  }
  /// As a cancelled step does.
  void drop() { frame_.kept.reset(); }

  [[nodiscard]] still_host& host() { return host_; }
  [[nodiscard]] const troupe::state& shared() const { return shared_; }
  [[nodiscard]] const troupe::action& action() const { return frame_.action; }
  [[nodiscard]] std::string failure() const {
    return frame_.failure ? frame_.failure->message() : "";
  }
  [[nodiscard]] const troupe::detail::node_base& node() const { return *node_; }
  [[nodiscard]] const std::vector<troupe::event>& events() const {
    return events_;
  }

 private:
  // As a supervisor does.
  status committed(status how) {
    if (how == status::done && frame_.written) {
      swap(shared_, *frame_.written);
      frame_.written.reset();
    }
    return how;
  }

  const troupe::value& params() const noexcept override { return params_; }
  std::string run_id() const override { return "run"; }
  std::string node_path() const override { return "node"; }
  std::uint64_t step() const noexcept override { return 0; }
  troupe::time_point now() const noexcept override { return host_.now(); }
  std::stop_token stop_token() override { return {}; }
  const troupe::node_options& options() const noexcept override {
    return options_;
  }
  std::uint64_t seed() const noexcept override { return 0; }
  bool take_retry() noexcept override { return true; }
  bool listens(troupe::event_detail) const noexcept override { return true; }
  void tell(troupe::event what) override { events_.push_back(std::move(what)); }
  // The tests outlive their blocking calls.
  std::shared_ptr<step_services> detach() override {
    return {std::shared_ptr<void>{}, this};
  }
  void on_complete() noexcept override { is_ready_ = true; }

  std::shared_ptr<const troupe::detail::node_base> node_;
  troupe::node_options options_;
  troupe::state shared_;
  troupe::value params_ = troupe::value::object();
  std::uint32_t attempt_ = 0;
  bool is_ready_ = false;
  std::vector<troupe::event> events_;
  still_host host_;
  // Last: what it keeps may wait at the host.
  troupe::detail::frame frame_;
};

}  // namespace troupe_test
