#pragma once

#include "troupe/detail/node/function_node.hpp"
#include "troupe/detail/node/node_base.hpp"
#include "troupe/detail/node/node_rules.hpp"
#include "troupe/detail/node/phase_sentences.hpp"
#include "troupe/detail/node/typed_node.hpp"

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace troupe {

class flow;

namespace detail {

/// A node as it is added to a flow, without its type. Made of any object where
/// the user adds it, and says there what is wrong with it.
///
/// Thread safety: immutable.
class added_node {
 public:
  template <class N>
    requires(!std::same_as<N, added_node> && !std::convertible_to<N, flow>)
  added_node(N node);

  [[nodiscard]] const std::shared_ptr<const node_base>& model() const noexcept {
    return model_;
  }

 private:
  std::shared_ptr<const node_base> model_;
};

// All rules are asserted in this function, because compilers name the user's
// line next to it only. What breaks one is not compiled any further, so that
// the sentence stays alone.
template <class N>
  requires(!std::same_as<N, added_node> && !std::convertible_to<N, flow>)
added_node::added_node(N node) {  // tidy: allow function (see above)
  constexpr bool is_copyable = std::copy_constructible<N>;
  constexpr bool is_class = std::is_class_v<N>;
  static_assert(is_class,
                "this is no node: write a class with prep, exec or post, "
                "or a lambda that takes troupe::state&");
  static_assert(is_copyable || !is_class,
                "a node must be copyable, because one object serves all "
                "runs: hold what is not copyable by a std::shared_ptr");
  if constexpr (!is_class || !is_copyable) {
    return;
  } else if constexpr (has_phases<N>()) {
    using rules = node_rules<N>;
    using prep = typename rules::prep;
    static_assert(prep::is_single, "prep" TROUPE_SAYS_SEVERAL);
    static_assert(prep::is_public, "prep" TROUPE_SAYS_HIDDEN);
    static_assert(prep::is_function, "prep" TROUPE_SAYS_DATA);
    static_assert(prep::is_no_static, "prep" TROUPE_SAYS_STATIC);
    static_assert(prep::is_const, "prep" TROUPE_SAYS_CONST);
    static_assert(!prep::writes_state, "prep" TROUPE_SAYS_WRITES);
    static_assert(prep::keeps_state, "prep" TROUPE_SAYS_COPIES);
    static_assert(prep::context_is_reference, "prep" TROUPE_SAYS_CONTEXT);
    static_assert(!prep::takes_error, "prep" TROUPE_SAYS_ERROR);
    static_assert(!prep::returns_reference, "prep" TROUPE_SAYS_REFERENCE);
    using exec = typename rules::exec;
    static_assert(exec::is_single, "exec" TROUPE_SAYS_SEVERAL);
    static_assert(exec::is_public, "exec" TROUPE_SAYS_HIDDEN);
    static_assert(exec::is_function, "exec" TROUPE_SAYS_DATA);
    static_assert(exec::is_no_static, "exec" TROUPE_SAYS_STATIC);
    static_assert(exec::is_const, "exec" TROUPE_SAYS_CONST);
    static_assert(!exec::writes_state, "exec" TROUPE_SAYS_WRITES);
    static_assert(exec::keeps_state, "exec" TROUPE_SAYS_COPIES);
    static_assert(exec::context_is_reference, "exec" TROUPE_SAYS_CONTEXT);
    static_assert(!exec::takes_error, "exec" TROUPE_SAYS_ERROR);
    static_assert(!exec::returns_reference, "exec" TROUPE_SAYS_REFERENCE);
    using fallback = typename rules::fallback;
    static_assert(fallback::is_single, "fallback" TROUPE_SAYS_SEVERAL);
    static_assert(fallback::is_public, "fallback" TROUPE_SAYS_HIDDEN);
    static_assert(fallback::is_function, "fallback" TROUPE_SAYS_DATA);
    static_assert(fallback::is_no_static, "fallback" TROUPE_SAYS_STATIC);
    static_assert(fallback::is_const, "fallback" TROUPE_SAYS_CONST);
    static_assert(!fallback::writes_state, "fallback" TROUPE_SAYS_WRITES);
    static_assert(fallback::keeps_state, "fallback" TROUPE_SAYS_COPIES);
    static_assert(fallback::context_is_reference,
                  "fallback" TROUPE_SAYS_CONTEXT);
    static_assert(fallback::error_is_const,
                  "fallback takes the error to write; take it as const "
                  "troupe::error&");
    static_assert(!fallback::returns_reference,
                  "fallback" TROUPE_SAYS_REFERENCE);
    using post = typename rules::post;
    static_assert(post::is_single, "post" TROUPE_SAYS_SEVERAL);
    static_assert(post::is_public, "post" TROUPE_SAYS_HIDDEN);
    static_assert(post::is_function, "post" TROUPE_SAYS_DATA);
    static_assert(post::is_no_static, "post" TROUPE_SAYS_STATIC);
    static_assert(post::is_const, "post" TROUPE_SAYS_CONST);
    static_assert(post::keeps_state,
                  "post takes the state by value, and writes to a copy of "
                  "the state are lost: take it as state&");
    static_assert(post::context_is_reference, "post" TROUPE_SAYS_CONTEXT);
    static_assert(!post::takes_error, "post" TROUPE_SAYS_ERROR);
    static_assert(rules::fallback_has_exec,
                  "a node with a fallback needs an exec that can fail; "
                  "this one has no exec");
    if constexpr (rules::shapes_hold) {
      static_assert(prep::given_enough,
                    "prep comes first and is given no value: it takes "
                    "const troupe::state& and troupe::context&, if it "
                    "likes, and nothing else");
      static_assert(exec::given_enough,
                    "exec takes more values than prep returns: it takes "
                    "the one that prep returns and, if it likes, const "
                    "troupe::state& and troupe::context&");
      static_assert(exec::types_fit,
                    "exec takes another type than prep returns: take the "
                    "type that prep returns, by value or as const reference");
      static_assert(fallback::takes_no_exception,
                    "fallback takes an exception of another kind: take the "
                    "failure as const troupe::error&, whose cause() is the "
                    "exception");
      static_assert(fallback::given_enough,
                    "fallback takes more values than prep returns: it "
                    "takes the one that prep returns and, if it likes, "
                    "const troupe::error&, const troupe::state& and "
                    "troupe::context&");
      static_assert(fallback::types_fit,
                    "fallback takes another type than prep returns: it "
                    "takes what exec takes and, if it likes, const "
                    "troupe::error&");
      static_assert(rules::fallback_returns_as_exec,
                    "fallback returns another type than exec: it stands in "
                    "for exec, so return the same type");
      static_assert(post::given_enough,
                    "post takes more values than prep and exec return: it "
                    "takes state&, what prep returns, then what exec "
                    "returns");
      static_assert(post::types_fit,
                    "post takes another type than prep or exec returns: it "
                    "takes state&, what prep returns, then what exec "
                    "returns, in this order");
      static_assert(rules::post_returns_action,
                    "post returns what is no action: return a "
                    "troupe::action, a text that names an edge, nothing, "
                    "or a troupe::task of one of them");
      static_assert(exec::takes_by_value, "exec" TROUPE_SAYS_BY_VALUE);
      static_assert(exec::takes_owner || !exec::takes_by_value,
                    "exec" TROUPE_SAYS_OWNER);
      static_assert(fallback::takes_by_value, "fallback" TROUPE_SAYS_BY_VALUE);
      static_assert(fallback::takes_owner || !fallback::takes_by_value,
                    "fallback" TROUPE_SAYS_OWNER);
      static_assert(post::takes_by_value, "post" TROUPE_SAYS_BY_VALUE);
      static_assert(post::takes_owner || !post::takes_by_value,
                    "post" TROUPE_SAYS_OWNER);
      static_assert(rules::exec_owns, "exec" TROUPE_SAYS_VIEW);
      static_assert(rules::fallback_owns, "fallback" TROUPE_SAYS_VIEW);
      static_assert(rules::prep_has_form, "what prep" TROUPE_SAYS_FORM);
      static_assert(rules::exec_has_form, "what exec" TROUPE_SAYS_FORM);
    }
    if constexpr (rules::hold()) {
      model_ = std::make_shared<const typed_node<N>>(std::move(node));
    }
  } else {
    using rules = function_rules<N>;
    using call = typename rules::call;
    static_assert(has_call<N>,
                  "this class has none of prep, exec and post, so it is no "
                  "node: write at least one of them as a public const "
                  "member function (is a name misspelt?)");
    static_assert(rules::has_one || !has_call<N>,
                  "this lambda is generic or overloaded, so it is no node: "
                  "write its parameter as troupe::state&, not as auto&");
    static_assert(call::is_const || !rules::has_one,
                  "this lambda is mutable, so it is no node: one object "
                  "serves all runs, so leave out mutable and write to the "
                  "state");
    static_assert(call::keeps_state,
                  "this lambda takes the state by value, and writes to a "
                  "copy of the state are lost: take it as state&");
    static_assert(rules::takes_state,
                  "this lambda takes no state, so it is no node: write "
                  "[](troupe::state& shared) { ... }");
    static_assert(call::given_enough && !call::takes_error,
                  "this lambda takes more than a node is given: it takes "
                  "troupe::state& and, if it likes, troupe::context&, and "
                  "nothing else");
    static_assert(call::context_is_reference,
                  "this lambda" TROUPE_SAYS_CONTEXT);
    static_assert(rules::returns_action,
                  "this lambda returns what is no action: return a "
                  "troupe::action, a text that names an edge, nothing, or "
                  "a troupe::task of one of them");
    if constexpr (rules::hold()) {
      auto made = function_node_of(std::move(node), &N::operator());
      model_ =
          std::make_shared<const typed_node<decltype(made)>>(std::move(made));
    }
  }
}

}  // namespace detail
}  // namespace troupe

#undef TROUPE_SAYS_SEVERAL
#undef TROUPE_SAYS_HIDDEN
#undef TROUPE_SAYS_DATA
#undef TROUPE_SAYS_STATIC
#undef TROUPE_SAYS_CONST
#undef TROUPE_SAYS_WRITES
#undef TROUPE_SAYS_COPIES
#undef TROUPE_SAYS_CONTEXT
#undef TROUPE_SAYS_ERROR
#undef TROUPE_SAYS_REFERENCE
#undef TROUPE_SAYS_BY_VALUE
#undef TROUPE_SAYS_OWNER
#undef TROUPE_SAYS_VIEW
#undef TROUPE_SAYS_FORM
