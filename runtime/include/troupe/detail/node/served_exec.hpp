#pragma once

#include "troupe/detail/node/exec_call.hpp"
#include "troupe/detail/value/borrowing.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace troupe::detail {

/// The types that an `exec` takes and returns, for people.
[[nodiscard]] std::string signature_text(const std::type_info& input,
                                         const std::type_info& result);

/// The part of the node type `N` that other processes ask for: its `exec`; of a
/// batch node, that of one item.
template <class N>
struct asked_of {
  using node_t = N;
  using input_t = typename phases<N>::prep_value;
  static constexpr std::string_view unreadable_input =
      "what its prep gives cannot be read from JSON (nlohmann's from_json)";
};
template <class N>
  requires lends_input<N>
struct asked_of<N> {
  using node_t = typename N::node_type;
  using input_t = typename N::item_t;
  static constexpr std::string_view unreadable_input =
      "its items cannot be read from JSON (nlohmann's from_json)";
};

/// The surroundings of an attempt that another process asks for.
struct served_place {
  const state& shared;
  context& ctx;
  const node_options& options;
};

/// The `exec` of the node type `N` as other processes ask for it.
template <class N>
struct served_exec {
  using asked = asked_of<N>;
  using node_t = typename asked::node_t;
  using input_t = typename asked::input_t;
  using result_t = typename phases<node_t>::exec_value;
  static constexpr bool reads_state =
      parameter_facts<typename phases<node_t>::exec_parameters>::takes_state;

  static constexpr std::string_view obstacle() noexcept {
    if constexpr (!phases<node_t>::has_exec) {
      return "it has no exec";
    } else if constexpr (!readable_or_none<input_t>) {
      return asked::unreadable_input;
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

  /// Makes an attempt from JSON to JSON.
  static task<json> serve(std::shared_ptr<const node_t> node, json form,
                          served_place at) {
    if constexpr (obstacle().empty()) {
      auto input = read_form<input_t>(form);
      attempt<node_t, input_t> what{node,   input,      at.shared,
                                    at.ctx, at.options, true};
      auto work = exec_call<node_t>::begin(what);
      regular_end ended{work};
      const result_t given = co_await ended;
      co_return make_form(given);
    } else {
      throw error{errc::bad_flow, std::string{obstacle()}};
    }
  }
};

}  // namespace troupe::detail
