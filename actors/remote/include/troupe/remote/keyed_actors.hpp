#pragma once

#include <troupe/clock.hpp>
#include <troupe/json.hpp>
#include <troupe/task.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace troupe {
class system;
}

namespace troupe::remote {

class keyed_core;

/// An actor that `keyed_actors` makes for one key, behind an interface.
///
/// Thread safety: confined to one actor or task.
class keyed_actor {
 public:
  keyed_actor() = default;
  keyed_actor(const keyed_actor&) = delete;
  keyed_actor& operator=(const keyed_actor&) = delete;
  virtual ~keyed_actor() = default;

  /// Answers one message; the next one comes when this has ended. An exception
  /// goes to the caller.
  [[nodiscard]] virtual task<json> receive(json message) = 0;
};

/// A class of which `keyed_actors` can make one for each key.
template <class T>
concept receives_json = requires(T actor, json message) {
  { actor.receive(std::move(message)) } -> std::same_as<task<json>>;
};

/// Options of `keyed_actors`.
struct keyed_options {
  /// The maximum number of messages for one key, including the one that is
  /// being answered. More are refused with `errc::overloaded`. At least 1.
  std::size_t messages_max = 1024;
  /// The maximum number of keys that have an actor at a time. Others are
  /// refused with `errc::overloaded`. At least 1.
  std::size_t keys_max = 10'000;
  /// The time after which an idle actor is destroyed; the next message for its
  /// key makes another one. More than zero.
  duration idle_max = std::chrono::minutes{5};
};

/// Actors with a name and a key, which all processes of a cluster can ask, and
/// which are made when they are first asked:
///
///     struct session {
///       troupe::task<troupe::json> receive(troupe::json said);
///       // and what it remembers
///     };
///     const troupe::remote::keyed_actors sessions{
///         runtime, "session", [](const std::string&) { return session{}; }};
///     const auto reply = co_await sessions.ask("user 7", message, 5s);
///
/// They live in the process that listens. Workers make the same handle, with or
/// without the function, and their messages go there. In a process that is
/// neither, the actors are its own.
///
/// For each key there is one at a time, and it takes one message at a time, in
/// the order in which they come. What it remembers is lost with its process,
/// and when it is idle.
///
/// A message is delivered at most once. A message that failed with
/// `errc::request_failed`, `errc::timed_out` or by cancellation may have been
/// delivered.
///
/// It is a handle: copies, and those of the same name in a system, are one; the
/// function and the options of the first one with a function apply. When the
/// last one is destroyed its actors are, too, but not at once: if the name is
/// used again by then, a new actor of a key may exist beside the one that is
/// about to end. A handle may be destroyed after its system, but not be used
/// after it.
///
/// Thread safety: immutable. Actors call the function, for several keys at
/// once.
class keyed_actors {
 public:
  using maker =
      std::function<std::unique_ptr<keyed_actor>(const std::string& key)>;

  /// `make(key)` gives an object with `task<json> receive(json)`.
  /// Errors: throws `errc::bad_flow` for invalid options;
  /// `errc::bad_value` for a name of more than 256 bytes, or with control
  /// characters.
  template <std::invocable<const std::string&> F>
    requires(receives_json<std::invoke_result_t<F, const std::string&>>)
  keyed_actors(system& where, std::string name, F make)
      : keyed_actors(where, std::move(name), std::move(make), keyed_options{}) {
  }
  template <std::invocable<const std::string&> F>
    requires(receives_json<std::invoke_result_t<F, const std::string&>>)
  keyed_actors(system& where, std::string name, F make, keyed_options options)
      : keyed_actors(where, std::move(name),
                     maker{[make = std::move(make)](const std::string& key) {
                       return std::make_unique<one<F>>(make, key);
                     }},
                     options) {}
  /// The same, for several kinds of actors under one name.
  keyed_actors(system& where, std::string name, maker make)
      : keyed_actors(where, std::move(name), std::move(make), keyed_options{}) {
  }
  keyed_actors(system& where, std::string name, maker make,
               keyed_options options);
  /// For a process that only asks.
  keyed_actors(system& where, std::string name);

  /// Returns the reply of the actor of `key`.
  ///
  /// Errors: what the actor or the function threw, for another process without
  /// the exception itself; `errc::timed_out` after `limit`; `errc::overloaded`;
  /// `errc::too_large`; `errc::bad_value` for a key of more than 1024 bytes or
  /// with control characters, and for a message that nests deeper than 512
  /// levels; `errc::request_failed` if there is no supervisor, if it is lost,
  /// and if it has no function that makes such actors; `errc::shut_down` when
  /// they are being destroyed.
  /// Cancellation: a message that was not taken in yet is not.
  [[nodiscard]] task<json> ask(std::string key, json message,
                               duration limit) const;

  /// Returns the number of actors in this process.
  [[nodiscard]] std::size_t size() const;

 private:
  template <class F>
  class one final : public keyed_actor {
   public:
    one(const F& make, const std::string& key) : actor_(make(key)) {}
    task<json> receive(json message) override {
      // The frame keeps the message, as the actor may refer to it.
      auto work = actor_.receive(std::move(message));
      co_return co_await work;
    }

   private:
    std::invoke_result_t<F, const std::string&> actor_;
  };

  std::shared_ptr<keyed_core> core_;
};

}  // namespace troupe::remote
