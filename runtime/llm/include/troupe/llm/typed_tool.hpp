#pragma once

#include "troupe/json_text.hpp"
#include "troupe/llm/schema.hpp"
#include "troupe/llm/tool.hpp"

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace troupe::llm {

namespace detail {

template <class F>
struct tool_signature : tool_signature<decltype(&F::operator())> {};
template <class R, class A>
struct tool_signature<R (*)(A)> {
  using arguments = std::remove_cvref_t<A>;
  using result = R;
  static constexpr bool takes_context = false;
};
template <class R, class A>
struct tool_signature<R (*)(A, context&)> {
  using arguments = std::remove_cvref_t<A>;
  using result = R;
  static constexpr bool takes_context = true;
};
template <class C, class R, class A>
struct tool_signature<R (C::*)(A) const> : tool_signature<R (*)(A)> {};
template <class C, class R, class A>
struct tool_signature<R (C::*)(A, context&) const>
    : tool_signature<R (*)(A, context&)> {};

inline std::string told(std::string text) { return text; }
template <class T>
  requires(!std::convertible_to<T, std::string>)
std::string told(const T& result) {
  return write_json(json(result), bad_text::replaced);
}

template <class F>
task<std::string> call_typed(std::shared_ptr<const F> call, json form,
                             context& ctx) {
  using signature = tool_signature<F>;
  auto arguments = form.template get<typename signature::arguments>();
  const auto begin = [&]() -> decltype(auto) {
    if constexpr (signature::takes_context) {
      return (*call)(std::move(arguments), ctx);
    } else {
      return (*call)(std::move(arguments));
    }
  };
  if constexpr (troupe::detail::is_task<typename signature::result>) {
    auto work = begin();
    auto result = co_await work;
    co_return told(std::move(result));
  } else {
    co_return told(begin());
  }
}

}  // namespace detail

/// A tool of a function that takes a struct which lists its fields, see
/// `described`, and maybe the step's `context&`. It returns text, or what has a
/// JSON form, or a task of either, and may throw: the model is told why.
///
/// The schema is that of the struct, and arguments fit it when the function is
/// called. The function must be const, and is called on several threads at
/// once.
template <class F>
  requires described<typename detail::tool_signature<F>::arguments>
[[nodiscard]] tool make_tool(std::string name, std::string description,
                             F call) {
  tool_spec spec;
  spec.name = std::move(name);
  spec.description = std::move(description);
  spec.parameters = schema_of<typename detail::tool_signature<F>::arguments>();
  return tool{std::move(spec), [shared = std::make_shared<const F>(
                                    std::move(call))](json form, context& ctx) {
                return detail::call_typed<F>(shared, std::move(form), ctx);
              }};
}

}  // namespace troupe::llm
