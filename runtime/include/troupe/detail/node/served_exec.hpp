#pragma once

#include "troupe/detail/node/exec_call.hpp"
#include "troupe/detail/node/typed_phases.hpp"
#include "troupe/detail/value/borrowing.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace troupe::detail {

/// What an `exec` takes and gives, for people.
[[nodiscard]] std::string signature_text(const std::type_info& input,
                                         const std::type_info& result);

/// The `exec` of the node type `N` as other processes ask for it.
template <class N>
struct served_exec {
  using call = exec_call<N>;
  using input_t = typename phases<N>::prep_value;
  using result_t = typename phases<N>::exec_value;
  static constexpr bool reads_state =
      parameter_facts<typename phases<N>::exec_parameters>::takes_state;

  static constexpr std::string_view obstacle() noexcept {
    if constexpr (!phases<N>::has_exec) {
      return "it has no exec";
    } else if constexpr (!readable_or_none<input_t>) {
      return "what its prep gives cannot be read from JSON (nlohmann's "
             "from_json)";
    } else if constexpr (!readable_or_none<result_t>) {
      return "what its exec gives cannot be read from JSON (nlohmann's "
             "from_json)";
    } else {
      return {};
    }
  }

  static exec_facts facts() {
    return {obstacle(), reads_state,
            signature_text(typeid(input_t), typeid(result_t)),
            may_view<result_t, input_t>};
  }

  static task<json> serve(const std::shared_ptr<const N>& node, json input,
                          const state& readable, context& ctx,
                          const node_options& options) {
    if constexpr (obstacle().empty()) {
      return call::template served<input_t>(node, std::move(input), readable,
                                            ctx, options);
    } else {
      throw error{errc::bad_flow, std::string{obstacle()}};
    }
  }
};

/// A batch node is asked for one of its items.
template <class N>
  requires lends_input<N>
struct served_exec<N> {
  using item_exec = served_exec<typename N::node_type>;
  using input_t = typename N::item_t;
  using result_t = typename item_exec::result_t;
  static constexpr bool reads_state = item_exec::reads_state;

  static constexpr std::string_view obstacle() noexcept {
    if constexpr (!readable_or_none<input_t>) {
      return "its items cannot be read from JSON (nlohmann's from_json)";
    } else if constexpr (!readable_or_none<result_t>) {
      return "what its exec gives cannot be read from JSON (nlohmann's "
             "from_json)";
    } else {
      return {};
    }
  }

  static exec_facts facts() {
    return {obstacle(), reads_state,
            signature_text(typeid(input_t), typeid(result_t)),
            may_view<result_t, input_t>};
  }

  static task<json> serve(const std::shared_ptr<const N>& node, json input,
                          const state& readable, context& ctx,
                          const node_options& options) {
    if constexpr (obstacle().empty()) {
      return item_exec::call::template served<input_t>(
          node->of_item(), std::move(input), readable, ctx, options);
    } else {
      throw error{errc::bad_flow, std::string{obstacle()}};
    }
  }
};

}  // namespace troupe::detail
