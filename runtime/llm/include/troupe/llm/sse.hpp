#pragma once

// The old place of <troupe/http/sse.hpp>, and the old names.

#include <troupe/http/sse.hpp>

namespace troupe::llm {

using troupe::sse_event;
using troupe::sse_parser;

}  // namespace troupe::llm
