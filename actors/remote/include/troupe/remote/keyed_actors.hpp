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

/// What `keyed_actors` makes for each key, behind one interface.
///
/// Thread safety: it is used by one actor.
class keyed_actor {
 public:
  keyed_actor() = default;
  keyed_actor(const keyed_actor&) = delete;
  keyed_actor& operator=(const keyed_actor&) = delete;
  virtual ~keyed_actor() = default;

  /// Answers one message; the next comes when this has ended. What it throws
  /// goes to who asked.
  [[nodiscard]] virtual task<json> receive(json message) = 0;
};

/// A class of which `keyed_actors` can make one for each key.
template <class T>
concept receives_json = requires(T actor, json message) {
  { actor.receive(std::move(message)) } -> std::same_as<task<json>>;
};

/// How many there may be, and how long.
struct keyed_options {
  /// Messages that wait for one key, with the one that is being answered. More
  /// are refused with `errc::overloaded`. At least 1.
  std::size_t messages_max = 1024;
  /// Keys that have an actor at a time. Others are refused with
  /// `errc::overloaded`. At least 1.
  std::size_t keys_max = 10'000;
  /// One that was asked nothing for so long is destroyed; the next message for
  /// its key makes another. More than zero.
  duration idle_max = std::chrono::minutes{5};
};

/// Actors that are addressed by a name and a key, from all the processes of a
/// cluster, and made when they are first asked:
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
/// A message is delivered at most once. One that failed with
/// `errc::request_failed`, `errc::timed_out` or by cancellation may have been
/// taken in.
///
/// It is a handle: copies, and those of the same name in a system, are one;
/// what counts are the function and the options of the first that has a
/// function. When the last is destroyed its actors are, too, but not at once:
/// if the name is made again by then, a new actor of a key may be there beside
/// the one that is about to end. A handle may be destroyed after its system,
/// but not be used after it.
///
/// Thread safety: immutable; may be used anywhere. The function is called by
/// actors, for several keys at once.
class keyed_actors {
 public:
  using maker =
      std::function<std::unique_ptr<keyed_actor>(const std::string& key)>;

  /// `make(key)` gives an object with `task<json> receive(json)`.
  /// Errors: throws `errc::bad_flow` for options that make no sense;
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

  /// Gives the reply of the actor of `key`.
  ///
  /// Errors: what the actor or the function threw, for another process without
  /// the exception itself; `errc::timed_out` after `limit`; `errc::overloaded`;
  /// `errc::too_large`; `errc::bad_value` for a key of more than 1024 bytes or
  /// with control characters, and for a message that nests deeper than 512
  /// levels; `errc::request_failed` when there is no supervisor,
  /// when it is lost, and when nothing there makes such actors;
  /// `errc::shut_down` when they are being destroyed.
  /// Cancellation: a message that was not taken in yet is not.
  [[nodiscard]] task<json> ask(std::string key, json message,
                               duration limit) const;

  /// How many actors there are in this process.
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
