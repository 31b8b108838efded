#pragma once

#include "troupe/context.hpp"
#include "troupe/detail/node/step_keeper.hpp"
#include "troupe/detail/value/read_form.hpp"
#include "troupe/error.hpp"
#include "troupe/task.hpp"

#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace troupe {

/// The way to go on with an effect that began in an earlier life of the run,
/// and whose end is not known: the process died in between.
enum class if_unknown : std::uint8_t {
  /// It is executed again. For what may happen twice, as it knows its key.
  again,
  /// The step fails with a permanent `errc::effect_unknown`, and a person says
  /// how the effect ended: `troupe runs settle`.
  fail,
};

/// Options of `context::once`.
struct once_options {
  enum if_unknown if_unknown = if_unknown::again;
};

namespace detail {

/// Throws what says that an effect cannot be told from another one, or that
/// nobody knows how it ended.
[[noreturn]] void refuse_effect(const known_effect& known,
                                std::string_view name);

/// Awaitable: what is known of an effect, once its beginning is written down.
class [[nodiscard]] effect_beginning final : private waiter {
 public:
  effect_beginning(step_keeper& keeper, effect_name which,
                   once_options options) noexcept
      : keeper_(keeper), which_(which), options_(options) {}

  bool await_ready() const noexcept { return false; }
  template <hosted Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    const auto key = enlist(host, self);
    const bool again = options_.if_unknown == if_unknown::again;
    known_ = keeper_.begin_effect(which_, again, {host, key});
    const bool begins = known_.how == known_effect::kind::begins ||
                        (known_.how == known_effect::kind::unknown && again);
    if (!begins) withdraw();
    return begins;
  }
  /// Errors: throws `errc::store_failed`.
  known_effect await_resume();

 private:
  void receive(void* answer) override;

  step_keeper& keeper_;
  effect_name which_;
  once_options options_;
  known_effect known_;
  std::shared_ptr<const error> failure_;
};

/// Awaitable: the end of an effect, written down.
class [[nodiscard]] effect_end final : private waiter {
 public:
  /// `failure` is null for one that gave `result`; both outlive the wait.
  effect_end(step_keeper& keeper, effect_name which, const json& result,
             const error* failure) noexcept
      : keeper_(keeper), which_(which), result_(result), why_(failure) {}

  bool await_ready() const noexcept { return false; }
  template <hosted Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    auto& host = *self.promise().host;
    const auto key = enlist(host, self);
    keeper_.end_effect(which_, result_, why_, {host, key});
  }
  /// Errors: throws `errc::store_failed`.
  void await_resume();

 private:
  void receive(void* answer) override;

  step_keeper& keeper_;
  effect_name which_;
  const json& result_;
  const error* why_;
  std::shared_ptr<const error> failure_;
};

/// The effect itself: a call, or a task.
template <class F>
task<effect_result<F>> executed(F& effect) {
  if constexpr (is_task<std::invoke_result_t<F&>>) {
    auto work = effect();
    co_return co_await work;
  } else {
    co_return effect();
  }
}

template <class F>
task<effect_result<F>> once(context ctx, std::string name, F effect,
                            once_options options) {
  using result_t = effect_result<F>;
  using value_t = value_or_none<result_t>;
  static_assert(readable_or_none<value_t>,
                "what an effect gives is kept as JSON: it needs nlohmann's "
                "to_json and from_json");
  auto* keeper = ctx.host().keeper();
  if (keeper == nullptr) {
    auto work = executed(effect);
    co_return co_await work;
  }
  const effect_name which{ctx.item(), name};
  effect_beginning beginning{*keeper, which, options};
  const auto known = co_await beginning;
  if (known.how == known_effect::kind::ended) {
    if (known.failure) throw error{*known.failure};
    if constexpr (std::is_void_v<result_t>) {
      co_return;
    } else {
      co_return read_form<value_t>(known.result);
    }
  }
  std::optional<error> why;
  std::optional<value_t> given;
  try {
    auto work = executed(effect);
    regular_end ended{work};
    given.emplace(co_await ended);
  } catch (...) {
    why = error::from(std::current_exception());
  }
  if (why && !why->is_permanent()) {
    keeper->give_effect_up(which);
    throw error{*why};
  }
  const json form = given ? make_form(*given) : json{};
  effect_end end{*keeper, which, form, why ? &*why : nullptr};
  co_await end;
  if (why) throw error{*why};
  if constexpr (!std::is_void_v<result_t>) co_return *std::move(given);
}

}  // namespace detail

template <std::invocable F>
task<detail::effect_result<F>> context::once(std::string name, F effect,
                                             once_options options) {
  return detail::once(*this, std::move(name), std::move(effect), options);
}
template <std::invocable F>
task<detail::effect_result<F>> context::once(std::string name, F effect) {
  return detail::once(*this, std::move(name), std::move(effect),
                      once_options{});
}

}  // namespace troupe
