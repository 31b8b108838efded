#include "core/system_core.hpp"
#include "sharing/shared_registry.hpp"

#include <troupe/remote/shared_limit.hpp>
#include <troupe/system.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>
#include <variant>

namespace troupe::remote {

namespace {

constexpr auto limit_kind = "rate limit";

bool is_sound(double tokens) { return tokens >= 0 && std::isfinite(tokens); }

/// Returns a number that another process sent.
/// Errors: throws `errc::bad_value` for anything else.
double amount_in(const json& field) {
  if (field.is_number() && is_sound(field.get<double>())) {
    return field.get<double>();
  }
  throw error{errc::bad_value,
              "the call contains no number of tokens or no time"};
}

bool is_same(const rate& a, const rate& b) {
  return a.amount == b.amount && a.per == b.per && a.burst == b.burst;
}

bool is_same(const rate_limit_options& a, const rate_limit_options& b) {
  const bool has_same_tokens = a.tokens.has_value() == b.tokens.has_value() &&
                               (!a.tokens || is_same(*a.tokens, *b.tokens));
  return is_same(a.requests, b.requests) && has_same_tokens &&
         a.share == b.share && a.waiting_max == b.waiting_max;
}

}  // namespace

/// A pass of this process, or one of the supervisor's.
class shared_pass_core final : public lent {
 public:
  shared_pass_core(std::shared_ptr<shared_limit_core> of, rate_pass pass)
      : of_(std::move(of)), pass_(std::move(pass)) {}
  explicit shared_pass_core(borrowed pass) : pass_(std::move(pass)) {}

  void used(double tokens) {
    if (!is_sound(tokens)) {
      throw error{errc::bad_value,
                  "the number of tokens must be finite and not negative, got " +
                      std::to_string(tokens)};
    }
    if (auto* own = std::get_if<rate_pass>(&pass_)) {
      own->used(tokens);
    } else {
      std::get<borrowed>(pass_).note(tokens);
    }
  }
  /// It was with a worker, whose waiter may have been gone.
  void come_back(const json& note) override;

 private:
  /// While a pass is out, the next handle of the name is the same limit.
  std::shared_ptr<shared_limit_core> of_;
  std::variant<rate_pass, borrowed> pass_;
};

/// The shared state of the handles of one name in a system.
class shared_limit_core final
    : public detail::limit_line,
      public shared_service,
      public std::enable_shared_from_this<shared_limit_core> {
 public:
  using pass_ptr = std::unique_ptr<shared_pass_core>;

  shared_limit_core(system& where, std::string name,
                    const rate_limit_options& options)
      : board_(shared_registry::of(where.core())),
        name_(std::move(name)),
        options_(options),
        own_(where, options) {}
  ~shared_limit_core() override { board_->forget(limit_kind, name_); }

  static std::shared_ptr<shared_limit_core> find_or_make(
      system& where, const std::string& name,
      const rate_limit_options& options);
  static task<pass_ptr> acquire(std::shared_ptr<shared_limit_core> self,
                                double tokens);
  /// Errors: as `rate_limit::acquire`.
  void check(double tokens) const { static_cast<void>(own_.acquire(tokens)); }
  void back_off(duration pause) const;
  /// Tokens that another process says it took: the burst and what passes within
  /// an hour at most, or within the rate's own time if that is longer.
  [[nodiscard]] double within_reason(double tokens) const;

  // -- limit_line -------------------------------------------------------------

  task<std::shared_ptr<void>> enter() override {
    return enter_as(shared_from_this());
  }
  void on_failed(const error& why) override {
    if (why.code() != errc::rate_limited) return;
    back_off(why.retry_after().value_or(duration::zero()));
  }

  // -- shared_service ---------------------------------------------------------

  task<served_answer> serve(json asked) override {
    return serve_as(shared_from_this(), std::move(asked));
  }

 private:
  static task<std::shared_ptr<void>> enter_as(
      std::shared_ptr<shared_limit_core> self);
  static task<served_answer> serve_as(std::shared_ptr<shared_limit_core> self,
                                      json asked);

  const std::shared_ptr<shared_registry> board_;
  const std::string name_;
  const rate_limit_options options_;
  const rate_limit own_;
};

std::shared_ptr<shared_limit_core> shared_limit_core::find_or_make(
    system& where, const std::string& name, const rate_limit_options& options) {
  auto made =
      shared_registry::of(where.core())
          ->share<shared_limit_core>(limit_kind, name, [&] {
            return std::make_shared<shared_limit_core>(where, name, options);
          });
  if (is_same(made->options_, options)) return made;
  throw error{errc::bad_flow, "the system already has a shared limit '" + name +
                                  "' with other options"};
}

// A call is a number of tokens, or how long a pause is.
task<shared_limit_core::pass_ptr> shared_limit_core::acquire(
    std::shared_ptr<shared_limit_core> self, double tokens) {
  if (auto line = self->board_->supervisor()) {
    const json asked = tokens;
    remote_call asking{std::move(line), limit_kind, self->name_, asked};
    auto got = co_await asking;
    if (!got.with) {
      throw error{errc::bad_reply, "the supervisor gave no pass"};
    }
    got.with->note(tokens);
    co_return std::make_unique<shared_pass_core>(std::move(*got.with));
  }
  auto waiting = self->own_.acquire(tokens);
  auto got = co_await waiting;
  co_return std::make_unique<shared_pass_core>(std::move(self), std::move(got));
}

void shared_limit_core::back_off(duration pause) const {
  const auto line = board_->supervisor();
  if (!line) {
    own_.back_off(pause);
    return;
  }
  wire::call asked;
  asked.service = limit_kind;
  asked.name = name_;
  asked.body = wire::encode_json(json::object(
      {{"pause_ms",
        std::chrono::ceil<std::chrono::milliseconds>(pause).count()}}));
  // Nobody waits for what comes of it.
  line->call(std::move(asked), {});
}

task<std::shared_ptr<void>> shared_limit_core::enter_as(
    std::shared_ptr<shared_limit_core> self) {
  auto waiting = acquire(std::move(self), 0);
  std::shared_ptr<shared_pass_core> got = co_await waiting;
  co_return got;
}

double shared_limit_core::within_reason(double tokens) const {
  if (!options_.tokens) return 0;
  const auto& allowed = *options_.tokens;
  const double times =
      std::max(1.0, std::chrono::duration<double>{std::chrono::hours{1}} /
                        std::chrono::duration<double>{allowed.per});
  return std::min(tokens, allowed.burst + allowed.amount * times);
}

void shared_pass_core::come_back(const json& note) {
  auto* own = std::get_if<rate_pass>(&pass_);
  if (own == nullptr) {
    std::get<borrowed>(pass_).note(note);
  } else if (note.is_number() && is_sound(note.get<double>())) {
    own->used(of_->within_reason(note.get<double>()));
  } else {
    own->give_back();
  }
}

task<served_answer> shared_limit_core::serve_as(
    std::shared_ptr<shared_limit_core> self, json asked) {
  served_answer made;
  if (asked.is_object()) {
    // A peer may say anything, and a day is for ever.
    constexpr double day = 86'400'000;
    const auto pause =
        std::min(amount_in(asked.value("pause_ms", json{})), day);
    self->back_off(std::chrono::milliseconds{static_cast<std::int64_t>(pause)});
  } else {
    const auto tokens = self->within_reason(amount_in(asked));
    auto waiting = acquire(std::move(self), tokens);
    made.with = co_await waiting;
  }
  co_return made;
}

// -- passes -------------------------------------------------------------------

shared_pass::shared_pass(std::unique_ptr<shared_pass_core> core) noexcept
    : core_(std::move(core)) {}
shared_pass::shared_pass(shared_pass&&) noexcept = default;
shared_pass& shared_pass::operator=(shared_pass&&) noexcept = default;
shared_pass::~shared_pass() = default;

void shared_pass::used(double tokens) { core_->used(tokens); }

// -- limits -------------------------------------------------------------------

namespace {

task<shared_pass> pass_from(std::shared_ptr<shared_limit_core> core,
                            double tokens) {
  auto waiting = shared_limit_core::acquire(std::move(core), tokens);
  auto got = co_await waiting;
  co_return shared_pass(std::move(got));
}

}  // namespace

shared_limit::shared_limit(system& where, std::string name,
                           const rate_limit_options& options)
    : core_(shared_limit_core::find_or_make(where, name, options)) {}

task<shared_pass> shared_limit::acquire(double tokens) const {
  if (!is_sound(tokens)) {
    throw error{errc::bad_value,
                "the number of tokens must be finite and not negative, got " +
                    std::to_string(tokens)};
  }
  core_->check(tokens);
  return pass_from(core_, tokens);
}

shared_limit::operator limit() const { return limit{core_}; }

void shared_limit::back_off(duration pause) const { core_->back_off(pause); }

}  // namespace troupe::remote
