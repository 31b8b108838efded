// A model cannot be told to reply with what has no schema.
#include <troupe/llm/schema.hpp>

struct opaque {
  int inside = 0;
};

const auto schema = troupe::llm::schema_of<opaque>();
