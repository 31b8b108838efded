#include "summarize/model.hpp"

namespace summarize {

std::string token_count::cost_line() const {
  return "Tokens: " + std::to_string(in) + " in, " + std::to_string(out) +
         " out.";
}

}  // namespace summarize
