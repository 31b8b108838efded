#pragma once

#include "actor/lite_actor.hpp"

#include <array>
#include <cassert>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// An actor that takes each of `Messages`, whatever its class. For who sends to
/// an actor of a room above its own.
///
/// Thread safety: of a value. Sending is safe from any thread.
template <class... Messages>
class address {
 public:
  address() = default;
  template <class Actor>
  // NOLINTNEXTLINE(google-explicit-constructor): an actor is its own address
  address(lite_ptr<Actor> to) noexcept
      : to_{std::move(to)}, kinds_{&kinds_of<Actor>} {
    static_assert((takes<Actor, Messages> && ...),
                  "this actor does not take all of these messages");
  }

  explicit operator bool() const noexcept { return to_ != nullptr; }
  [[nodiscard]] bool is_of(const lite_actor& actor) const noexcept {
    return to_ == &actor;
  }

  /// As `wake` for an actor. @pre it is not empty
  friend void wake(const address& to, exec_ctx* from = nullptr) {
    assert(to && "an address is needed to wake an actor");
    wake(*to.to_, from);
  }
  /// As `send_to` for an actor. @pre it is not empty
  template <class Message>
  friend bool send_to(
      const address& to, Message message,
      exec_ctx* from = nullptr) noexcept(envelope::holds<Message>) {
    static_assert((std::is_same_v<Message, Messages> || ...),
                  "this actor takes no such message");
    assert(to && "an address is needed to send to an actor");
    return post(
        *to.to_,
        envelope::with(to.template kind_of<Message>(), std::move(message)),
        from);
  }

 private:
  using kinds = std::array<const envelope::kind*, sizeof...(Messages)>;

  template <class Actor>
  static constexpr kinds kinds_of{&envelope::kind_of<Actor, Messages>...};

  template <class Message>
  [[nodiscard]] const envelope::kind& kind_of() const noexcept {
    constexpr std::array<bool, sizeof...(Messages)> is_it{
        std::is_same_v<Message, Messages>...};
    std::size_t at = 0;
    while (!is_it[at]) ++at;
    return *(*kinds_)[at];
  }

  lite_ptr<lite_actor> to_;
  const kinds* kinds_ = nullptr;
};

}  // namespace troupe::detail
