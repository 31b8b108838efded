#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace troupe::detail {

class lite_actor;

/// The messages that a class of actors takes. Each such class has one as its
/// member type `messages`, declares `friend class envelope`, and has a member
/// function `on` for each message.
template <class... Ts>
struct message_set {
  template <class T>
  static constexpr bool has = (std::is_same_v<T, Ts> || ...);
};

template <class Actor, class Message>
concept takes = Actor::messages::template has<Message>;

/// A message between Troupe's own actors, as an entry of the mailbox of the
/// one that takes it. It knows the receiver's function for it, so that opening
/// it costs one call. It stays in its process.
///
/// A message is a struct that can be moved without an exception. One of up to
/// 16 bytes lies in the envelope, a larger one behind a pointer: to send a
/// small one takes no memory but that of the envelope.
class envelope {
 public:
  /// The functions for the content of an envelope. There is one such pair for
  /// each class of actors and message.
  struct kind {
    /// Hands the content to `to`, and destroys it.
    void (*open)(lite_actor& to, void* content);
    void (*drop)(void* content) noexcept;
  };

  static constexpr std::size_t content_size = 16;

  template <class Message>
  static constexpr bool holds = sizeof(Message) <= content_size &&
                                alignof(Message) <= alignof(std::uint64_t);

  /// That of `Message` to an actor of class `Actor`.
  template <class Actor, class Message>
  static const kind kind_of;

  /// An envelope with `message`, of the kind `how`, which must be for it.
  template <class Message>
  static std::unique_ptr<envelope> with(
      const kind& how, Message message) noexcept(holds<Message>);

  envelope(const envelope&) = delete;
  envelope& operator=(const envelope&) = delete;
  /// Drops what was not opened.
  ~envelope() {
    if (kind_ != nullptr) kind_->drop(&content_);
  }

  /// Calls the function of `to` for the message. @pre it was not opened
  void open(lite_actor& to) {
    assert(kind_ != nullptr);
    std::exchange(kind_, nullptr)->open(to, &content_);
  }

  /// Waits for memory, after that in reserve; see `send_to`.
  static void* operator new(std::size_t size) noexcept;
  static void operator delete(void* place) noexcept;

 private:
  friend class lite_actor;

  explicit envelope(const kind& how) noexcept : kind_{&how} {}

  /// A large message.
  template <class Message>
  using boxed = std::unique_ptr<Message>;
  template <class Message>
  using stored = std::conditional_t<holds<Message>, Message, boxed<Message>>;

  template <class Message>
  static stored<Message>& content_as(void* content) noexcept {
    return *std::launder(static_cast<stored<Message>*>(content));
  }
  template <class Actor, class Message>
  static void open_as(lite_actor& to, void* content);
  template <class Message>
  static void drop_as(void* content) noexcept {
    std::destroy_at(&content_as<Message>(content));
  }

  /// A link of the mailbox's.
  std::uintptr_t next_ = 0;
  const kind* kind_;
  alignas(std::uint64_t) std::array<std::byte, content_size> content_;
};

template <class Actor, class Message>
constexpr envelope::kind envelope::kind_of{&envelope::open_as<Actor, Message>,
                                           &envelope::drop_as<Message>};

template <class Message>
std::unique_ptr<envelope> envelope::with(
    const kind& how, Message message) noexcept(holds<Message>) {
  static_assert(std::is_nothrow_move_constructible_v<Message>,
                "a message must be moved without an exception");
  std::unique_ptr<envelope> made;
  if constexpr (holds<Message>) {
    made.reset(new envelope{how});
    ::new (static_cast<void*>(&made->content_)) Message(std::move(message));
  } else {
    auto box = std::make_unique<Message>(std::move(message));
    made.reset(new envelope{how});
    ::new (static_cast<void*>(&made->content_)) boxed<Message>(std::move(box));
  }
  return made;
}

template <class Actor, class Message>
void envelope::open_as(lite_actor& to, void* content) {
  auto& here = content_as<Message>(content);
  stored<Message> taken{std::move(here)};
  std::destroy_at(&here);
  if constexpr (holds<Message>) {
    static_cast<Actor&>(to).on(std::move(taken));
  } else {
    static_cast<Actor&>(to).on(std::move(*taken));
  }
}

}  // namespace troupe::detail
