// Nor can it be told the arguments of a tool that have none.
#include <troupe/llm/typed_tool.hpp>

struct opaque {
  int inside = 0;
};

const auto made = troupe::llm::make_tool(
    "use", "Uses it", [](opaque what) { return what.inside; });
