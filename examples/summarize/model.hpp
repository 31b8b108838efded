#pragma once

#include "summarize/command_line.hpp"
#include "summarize/flow.hpp"

#include <troupe/system.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace summarize {

/// What a model has taken and given, over all calls.
struct token_count {
  std::atomic<std::uint64_t> in{0};
  std::atomic<std::uint64_t> out{0};

  /// One sentence.
  [[nodiscard]] std::string cost_line() const;
};

/// The flow of `summarize_flow`, with the model that `chosen` names. Its tokens
/// come as custom events with the member "token".
///
/// Errors: throws `troupe::error` where the program is built without model
/// clients, and for an address or a rate that makes no sense.
[[nodiscard]] troupe::flow model_flow(troupe::system& system, file_list files,
                                      const command_line& chosen,
                                      const flow_settings& settings,
                                      std::shared_ptr<token_count> counted);

}  // namespace summarize
