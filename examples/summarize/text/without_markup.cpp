#include "summarize/text/markup.hpp"

#include <stdexcept>

namespace summarize {

bool reads_html() noexcept { return false; }

std::string html_to_text(std::string_view) {
  throw std::runtime_error(
      "this program was built without libxml2, which HTML pages need");
}

}  // namespace summarize
