#pragma once

#include "troupe/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// The kind of an error, for code to branch on. New enumerators are appended,
/// because a stored run keeps the number.
enum class errc : std::uint8_t {
  /// The user's `exec`, `prep`, `post` or `fallback` threw.
  node_threw = 1,
  /// An attempt took longer than its node's `timeout`.
  timed_out,
  /// The run was cancelled, or its deadline passed.
  cancelled,
  /// A run made more steps than its step limit allows.
  step_limit,
  /// A node returned an action without an edge, and the flow forbids it.
  missing_edge,
  /// A node returned an action that it does not declare.
  undeclared_action,
  /// A batch source returned something that is not a list of objects.
  bad_items,
  /// Too few sub-flows finished for the batch's failure policy.
  too_many_failures,
  /// Two branches wrote one place of the state in ways that do not merge.
  merge_conflict,
  /// A path of the state or of the params does not exist.
  missing_key,
  /// A value does not have the requested type.
  wrong_type,
  /// Text that is not valid UTF-8, or a value JSON cannot hold.
  bad_value,
  /// The graph of a flow, or an option, is invalid.
  bad_flow,
  /// An actor died: over a step, too often, or before it answered a request.
  actor_died,
  /// A request to an actor was answered with an error, or not at all.
  request_failed,
  /// A bounded queue had no room, or no more threads can be started.
  overloaded,
  /// The system was shut down before the work was done.
  shut_down,
  /// Coroutines awaited each other deeper than they may.
  too_deep,
  /// A server asks for fewer or smaller requests.
  rate_limited,
  /// The answer of a server or a model is not what was asked for.
  bad_reply,
  /// A message to or from another process, or of a server, is larger than it
  /// may be.
  too_large,
  /// A server requires credentials, or rejects those it got. The text names the
  /// server's address. Always permanent.
  unauthorized,
  /// It waits for something that cannot come before it has ended itself: a
  /// limit that it holds already, a run that needs the permit of the attempt
  /// that awaits it.
  deadlock,
  /// The store of runs cannot be read or written, or holds what does not fit
  /// together. The text names the store, and says up to which step a run is
  /// safe.
  store_failed,
  /// A run was started with the id of another one that is stored, with another
  /// flow, input or params, or of one that has been purged. Always permanent.
  id_taken,
  /// A stored run took its process down so often that nobody goes on with it
  /// unasked. Always permanent.
  quarantined,
  /// An effect began in an earlier life of the run, and nobody knows how it
  /// ended. Always permanent.
  effect_unknown,
};

/// The name of `code` as written in the source, for example "timed_out".
[[nodiscard]] std::string_view to_string(errc code) noexcept;
std::ostream& operator<<(std::ostream& out, errc code);

/// Returns whether a retry cannot help against `code`: the same input, flow and
/// options lead to it again. True of `step_limit`, `missing_edge`,
/// `undeclared_action`, `bad_items`, `merge_conflict`, `missing_key`,
/// `wrong_type`, `bad_value`, `bad_flow`, `too_deep`, `too_large`,
/// `unauthorized`, `deadlock`, `id_taken`,
/// `quarantined` and `effect_unknown`. Errors with these codes are permanent
/// from the start.
[[nodiscard]] bool is_permanent(errc code) noexcept;

/// An error as a value: a code, a text for people, and the place it happened.
///
/// `node`, `item` and `attempt` are filled in by the runtime as the error
/// travels outwards; the innermost node wins. `cause` keeps the user's own
/// exception, so that a predicate or a caller can look at its type.
///
/// It is an exception as well, so that `get()` and `co_await` can throw it.
/// Copies share their content until one is changed.
///
/// Thread safety: confined to one actor or task. Copies are independent.
class error : public std::exception {
 public:
  error(errc code, std::string message);

  /// Wraps an exception: an `error` is taken as it is, anything else,
  /// non-exceptions included, becomes `errc::node_threw`.
  [[nodiscard]] static error from(std::exception_ptr cause);

  [[nodiscard]] errc code() const noexcept;
  /// The text without the place.
  [[nodiscard]] const std::string& message() const& noexcept;
  [[nodiscard]] std::string message() const&& {
    return static_cast<const error&>(*this).message();
  }
  /// The name of the node, with its flows outermost first: "outer/inner/node".
  [[nodiscard]] const std::string& node() const& noexcept;
  [[nodiscard]] std::string node() const&& {
    return static_cast<const error&>(*this).node();
  }
  /// The position of the item in its batch, where there is one.
  [[nodiscard]] std::optional<std::size_t> item() const noexcept;
  /// The attempt that failed, counted from 0, where there was one.
  [[nodiscard]] std::optional<std::uint32_t> attempt() const noexcept;
  /// The exception behind it, or null.
  [[nodiscard]] std::exception_ptr cause() const noexcept;
  /// Returns whether a retry cannot help; see `permanent_error`.
  [[nodiscard]] bool is_permanent() const noexcept;
  /// Returns the least time to wait before trying again, where the other side
  /// said so.
  [[nodiscard]] std::optional<duration> retry_after() const noexcept;

  /// Returns place, code and message in one line.
  [[nodiscard]] std::string describe() const;
  /// Same as `message()`.
  [[nodiscard]] const char* what() const noexcept override;
  /// Writes `describe()`.
  friend std::ostream& operator<<(std::ostream& out, const error& from);

  /// Names the place, where it is not yet named.
  error& at_node(std::string_view path);
  error& at_item(std::size_t index);
  error& at_attempt(std::uint32_t attempt);
  error& permanent();
  error& retry_after(duration wait);
  /// Prefixes the place with the names of the flows around it.
  error& inside(std::string_view outer);

 private:
  struct content;
  void own();

  std::shared_ptr<content> content_;
};

/// Thrown by a node to say that trying again cannot help: no further attempt
/// is made, and the fallback, if there is one, runs at once.
class permanent_error : public error {
 public:
  explicit permanent_error(std::string message);
};

}  // namespace troupe
