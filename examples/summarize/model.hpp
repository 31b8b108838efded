#pragma once

#include "summarize/command_line.hpp"
#include "summarize/flow.hpp"

#include <troupe/system.hpp>

#include <cstdint>
#include <string>

namespace summarize {

/// The tokens that a model has taken and given, over all calls.
struct token_count {
  std::uint64_t in = 0;
  std::uint64_t out = 0;

  /// One sentence.
  [[nodiscard]] std::string cost_line() const;
};

/// The flow of `summarize_flow`, with the model that `chosen` names. Its tokens
/// come as custom events with the member "token", and what a call took as one
/// with "tokens_in" and "tokens_out".
///
/// Errors: throws `troupe::error` where the program is built without model
/// clients, and for an address or a rate that makes no sense.
[[nodiscard]] troupe::flow model_flow(troupe::system& system, file_list files,
                                      const command_line& chosen,
                                      const flow_settings& settings);

}  // namespace summarize
