#pragma once

#include "core/run_core.hpp"

#include <troupe/context.hpp>

#include <memory>
#include <string>

namespace troupe::detail {

/// The part of a step that a blocking call still knows after the step has gone
/// on.
///
/// Thread safety: confined to one thread. It may be another one than the
/// supervisor's.
class detached_steps final : public step_services {
 public:
  detached_steps(step_services& from, std::shared_ptr<run_core> run)
      : run_(std::move(run)),
        params_(from.params()),
        run_id_(from.run_id()),
        node_path_(from.node_path()),
        step_(from.step()),
        options_(from.options()),
        seed_(from.seed()),
        stop_(from.stop_token()) {}

  const value& params() const noexcept override { return params_; }
  std::string run_id() const override { return run_id_; }
  std::string node_path() const override { return node_path_; }
  std::uint64_t step() const noexcept override { return step_; }
  time_point now() const noexcept override;
  std::stop_token stop_token() override { return stop_; }
  const node_options& options() const noexcept override { return options_; }
  std::uint64_t seed() const noexcept override { return seed_; }
  bool take_retry() noexcept override { return run_->take_retry(); }
  bool listens(event_detail detail) const noexcept override {
    return run_->listens(detail);
  }
  void tell(event what) override;
  std::shared_ptr<step_services> detach() override;

 private:
  std::shared_ptr<run_core> run_;
  value params_;
  std::string run_id_;
  std::string node_path_;
  std::uint64_t step_;
  node_options options_;
  std::uint64_t seed_;
  std::stop_token stop_;
};

}  // namespace troupe::detail
