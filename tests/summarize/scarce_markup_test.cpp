// Pages that are read where memory runs out.

#include "summarize/text/markup.hpp"
#include "support/catch.hpp"

#include <cstdlib>
#include <cstring>
#include <libxml/xmlmemory.h>
#include <new>
#include <string>

namespace {

bool is_scarce = false;

void* grown(void* old, std::size_t size) {
  return is_scarce ? nullptr : std::realloc(old, size);
}

/// Has libxml2 get no memory to grow a buffer for as long as it lives.
class scarce_buffers {
 public:
  scarce_buffers() {
    xmlMemSetup(std::free, std::malloc, grown, strdup);
    is_scarce = true;
  }
  scarce_buffers(const scarce_buffers&) = delete;
  scarce_buffers& operator=(const scarce_buffers&) = delete;
  ~scarce_buffers() {
    is_scarce = false;
    xmlMemSetup(std::free, std::malloc, std::realloc, strdup);
  }
};

}  // namespace

TEST_CASE("a page is never cut short for want of memory", "[markup]") {
  const std::string page =
      "<html><p>begin<!--" + std::string(3'000, 'x') + "--><p>end";
  const auto whole = summarize::html_to_text(page);
  {
    const scarce_buffers without;
    REQUIRE_THROWS_AS(summarize::html_to_text(page), std::bad_alloc);
  }
  REQUIRE(summarize::html_to_text(page) == whole);
}
