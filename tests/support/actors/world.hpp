#pragma once

#include <troupe/context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace troupe_test {

/// The trouble that there was, so that a test sees it.
struct trouble {
  std::size_t attempts = 0;
  std::size_t failures = 0;
  std::size_t fallbacks = 0;
  std::size_t deaths = 0;
};

/// The deeds of the nodes of random flows in the current run, and what they
/// saw.
class world {
 public:
  enum class mood {
    /// Nothing goes wrong.
    calm,
    /// All that goes wrong is made good by another attempt.
    rough,
    /// Nodes may fail for good.
    broken,
  };

  void begin_run(mood how, std::uint64_t seed, int deaths) {
    mood_ = how;
    seed_ = seed;
    deaths_left_ = deaths;
    deaths_ = 0;
    steps_.clear();
    problems_.clear();
  }

  struct deed {
    enum class kind { gives, throws, hangs, dies };
    kind what = kind::gives;
    std::chrono::milliseconds wait{};
  };

  /// An attempt of up to `limit` begins: what is it to do?
  deed begin_attempt(const troupe::context& ctx, std::uint32_t limit,
                     bool may_wait, bool may_die);
  void on_threw(const troupe::context& ctx) { ++steps_[ctx.key()].thrown; }
  void on_gave(const troupe::context& ctx) { steps_[ctx.key()].over = true; }
  void on_fallback(const troupe::context& ctx);

  void expect(bool holds, const std::string& text) {
    if (!holds) problems_.push_back(text);
  }
  /// After a run that was not cancelled, even in part: a step that did not
  /// succeed has made all its attempts.
  void expect_all_attempts();

  [[nodiscard]] int deaths() const { return deaths_; }
  /// Over all runs so far.
  [[nodiscard]] static const trouble& all() { return all_; }
  [[nodiscard]] const std::vector<std::string>& problems() const {
    return problems_;
  }

 private:
  struct step {
    std::uint32_t limit = 0;
    std::uint32_t thrown = 0;
    /// In an attempt that only a time limit ends.
    bool hangs = false;
    bool over = false;
  };

  inline static trouble all_;
  mood mood_ = mood::calm;
  std::uint64_t seed_ = 0;
  int deaths_left_ = 0;
  int deaths_ = 0;
  std::map<std::string, step> steps_;
  std::vector<std::string> problems_;
};

inline world::deed world::begin_attempt(const troupe::context& ctx,
                                        std::uint32_t limit, bool may_wait,
                                        bool may_die) {
  const std::string key = ctx.key();
  auto& now = steps_[key];
  now.limit = limit;
  ++all_.attempts;
  // Whose actor died begins anew.
  if (ctx.attempt() == 0) now = {limit, 0, false, false};
  if (std::exchange(now.hangs, false) && ctx.attempt() > now.thrown) {
    ++now.thrown;
  }
  expect(ctx.attempt() == now.thrown,
         key + ": attempt " + std::to_string(ctx.attempt()) + " after " +
             std::to_string(now.thrown) + " failures");
  expect(ctx.attempt() < limit, key + ": more attempts than it may");

  std::mt19937_64 random{seed_ ^ (std::hash<std::string>{}(key) +
                                  ctx.attempt() * 0x9e3779b97f4a7c15u)};
  const auto chance = [&](std::uint64_t percent) {
    return random() % 100 < percent;
  };
  deed chosen;
  if (mood_ == mood::calm) return chosen;
  if (may_wait && chance(40)) {
    chosen.wait = std::chrono::milliseconds{random() % 50};
  }
  if (may_die && deaths_left_ > 0 && chance(5)) {
    --deaths_left_;
    ++deaths_;
    ++all_.deaths;
    chosen.what = deed::kind::dies;
    return chosen;
  }
  const bool may_fail = mood_ == mood::broken || ctx.attempt() + 1 < limit;
  if (may_fail && chance(30)) {
    ++all_.failures;
    now.hangs = may_wait && chance(30);
    chosen.what = now.hangs ? deed::kind::hangs : deed::kind::throws;
  }
  return chosen;
}

inline void world::on_fallback(const troupe::context& ctx) {
  auto& now = steps_[ctx.key()];
  const auto thrown = now.thrown + (now.hangs ? 1 : 0);
  expect(thrown == now.limit, ctx.key() + ": fell back after " +
                                  std::to_string(thrown) + " of " +
                                  std::to_string(now.limit) + " attempts");
  now.over = true;
  ++all_.fallbacks;
}

inline void world::expect_all_attempts() {
  for (const auto& [key, now] : steps_) {
    const auto thrown = now.thrown + (now.hangs ? 1 : 0);
    expect(now.over || thrown == now.limit,
           key + ": gave up after " + std::to_string(thrown) + " of " +
               std::to_string(now.limit) + " attempts");
  }
}

}  // namespace troupe_test
