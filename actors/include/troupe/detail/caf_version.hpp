#pragma once

// The differences between CAF 0.17.6, which Debian and Ubuntu package, and CAF
// 1.x, as far as the installed headers need them. What only the sources need is
// in the private header of the same name, which includes this one. No other
// file of Troupe may ask for the version.

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/config.hpp>
#include <caf/error.hpp>
#include <caf/message.hpp>
#include <caf/response_type.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

#if defined(CAF_VERSION_MAJOR) && CAF_VERSION_MAJOR >= 1
#define TROUPE_CAF_1 1
#include <caf/type_list.hpp>
#else
#define TROUPE_CAF_1 0
#include <caf/detail/type_list.hpp>
#include <caf/make_message.hpp>
#include <caf/replies_to.hpp>
#endif

// -- types in messages --------------------------------------------------------

/// The first type id of Troupe. The ids below it are left to users, who count
/// from `caf::first_custom_type_id`; those of Troupe are only ever appended.
#define TROUPE_FIRST_TYPE_ID (caf::first_custom_type_id + 2000)

namespace troupe::detail {

/// One row of a typed actor's interface: takes `Args`, answers `Result`.
#if TROUPE_CAF_1
template <class Result, class... Args>
using answers = caf::result<Result>(Args...);
template <class... Ts>
using message_types = caf::type_list<Ts...>;
#else
template <class Result, class... Args>
using answers = typename caf::replies_to<Args...>::template with<Result>;
template <class... Ts>
using message_types = caf::detail::type_list<Ts...>;
#endif

// -- requests -----------------------------------------------------------------

/// A handle to an actor, dynamically or statically typed.
template <class Handle>
concept actor_handle = requires(const Handle& handle) {
  typename Handle::signatures;
  { caf::actor_cast<caf::actor>(handle) } -> std::same_as<caf::actor>;
};

/// The type that a value has in a message: CAF makes a string of a literal.
template <class T>
using sent_as =
    std::conditional_t<std::is_convertible_v<std::decay_t<T>, const char*>,
                       std::string, std::decay_t<T>>;

/// CAF's rule for what an actor answers to a message of `Ts`.
template <class Handle, class... Ts>
using answer_to = caf::response_type_unbox<typename Handle::signatures,
                                           message_types<sent_as<Ts>...>>;

/// True if the interface of `Handle` has a row for a message of `Ts`. A
/// dynamically typed actor may take anything.
template <class Handle, class... Ts>
concept takes_message = answer_to<Handle, Ts...>::valid;

/// True if the answer to a message of `Ts` can be a `Reply`.
template <class Handle, class Reply, class... Ts>
concept may_answer = std::same_as<Reply, caf::message> ||
    std::same_as<typename answer_to<Handle, Ts...>::type, caf::message> ||
    std::same_as<typename answer_to<Handle, Ts...>::type, message_types<Reply>>;

}  // namespace troupe::detail
