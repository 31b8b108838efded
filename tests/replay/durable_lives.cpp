#include "replay/durable_lives.hpp"

#include "replay/observe.hpp"

#include <troupe/store/sqlite.hpp>
#include <troupe/system.hpp>

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace troupe::replay {

namespace {

/// The store as a process sees it that dies with its first commit of a step:
/// that one is made, nobody hears of it, and nothing after it is made.
///
/// Thread safety: internally synchronised.
class one_step_store final : public run_store {
 public:
  one_step_store(std::shared_ptr<run_store> below, std::shared_ptr<trace> seen)
      : below_(std::move(below)), seen_(std::move(seen)) {}

  /// Returns whether a step was committed.
  [[nodiscard]] bool has_died() const {
    const std::lock_guard lock{mutex_};
    return is_dead_;
  }

  void begin(run_record what, std::vector<log_entry> first,
             std::function<void(begun_run)> done) override {
    below_->begin(std::move(what), std::move(first), std::move(done));
  }
  void submit(run_commit what) override {
    const std::lock_guard lock{mutex_};
    const auto dead =
        std::make_shared<const error>(errc::store_failed, "the process died");
    if (is_dead_) {
      if (what.done) what.done(dead);
      return;
    }
    is_dead_ = std::any_of(
        what.entries.begin(), what.entries.end(),
        [](const auto& each) { return each.what == log_entry::kind::step; });
    if (is_dead_) {
      seen_->close();
      what.done = [dead, done = std::move(what.done)](const auto& how) {
        if (done) done(how ? how : dead);
      };
    }
    below_->submit(std::move(what));
  }
  std::uint64_t purge(const run_query& which) override {
    return below_->purge(which);
  }
  std::unique_ptr<store_reader> reader() override { return below_->reader(); }
  void on_request(std::function<json(const json&)> handler) override {
    below_->on_request(std::move(handler));
  }
  std::string name() const override { return below_->name(); }
  void close() noexcept override { below_->close(); }

 private:
  const std::shared_ptr<run_store> below_;
  const std::shared_ptr<trace> seen_;
  mutable std::mutex mutex_;
  bool is_dead_ = false;
};

std::string unused_id(store_reader& from, const std::string& name) {
  auto id = name;
  for (std::size_t i = 2; from.find(id); ++i) {
    id = name + "." + std::to_string(i);
  }
  return id;
}

}  // namespace

durable_lives::durable_lives(std::filesystem::path file)
    : file_(std::move(file)) {}

std::optional<observation> durable_lives::run(
    const recorded_case& from, const std::shared_ptr<trace>& seen) {
  const std::shared_ptr<run_store> store = sqlite(file_);
  const auto id = unused_id(*store->reader(), from.name);
  const auto work = make_flow(from, seen);
  std::size_t missing_edges = 0;
  for (;;) {
    const auto mortal = std::make_shared<one_step_store>(store, seen);
    seen->open();
    system_options options;
    options.threads = 2;
    options.store = mortal;
    options.flows = {work};
    troupe::system life{options};
    // It may end before somebody asks for it by its id.
    const auto resumed = life.resume_all();
    const auto left = std::find_if(
        resumed.begin(), resumed.end(),
        [&id](const auto& each) { return each.id == id && each.handle; });
    auto shown = left == resumed.end() ? observe(life, work, from, id)
                                       : observe(*left->handle);
    if (!shown) return std::nullopt;
    missing_edges += *shown->missing_edges;
    if (mortal->has_died()) {
      ++deaths_;
      continue;
    }
    shown->missing_edges = missing_edges;
    shown->trace = seen->take();
    shown->may_repeat = from.is_unordered;
    shown->may_warn_again = true;
    return shown;
  }
}

}  // namespace troupe::replay
