#pragma once

// All of troupe::llm.

#include <troupe/llm/agent.hpp>
#include <troupe/llm/chat.hpp>
#include <troupe/llm/chat_format.hpp>
#include <troupe/llm/circuit_breaker.hpp>
#include <troupe/llm/client.hpp>
#include <troupe/llm/embedding.hpp>
#include <troupe/llm/fields.hpp>
#include <troupe/llm/history.hpp>
#include <troupe/llm/image.hpp>
#include <troupe/llm/json_schema.hpp>
#include <troupe/llm/mcp_call.hpp>
#include <troupe/llm/mcp_client.hpp>
#include <troupe/llm/mcp_input.hpp>
#include <troupe/llm/mcp_lists.hpp>
#include <troupe/llm/mcp_mirrors.hpp>
#include <troupe/llm/mcp_options.hpp>
#include <troupe/llm/mcp_protocol.hpp>
#include <troupe/llm/mcp_task.hpp>
#include <troupe/llm/mcp_trace.hpp>
#include <troupe/llm/recording.hpp>
#include <troupe/llm/reply_error.hpp>
#include <troupe/llm/review.hpp>
#include <troupe/llm/schema.hpp>
#include <troupe/llm/structured.hpp>
#include <troupe/llm/tool.hpp>
#include <troupe/llm/toolbox.hpp>
#include <troupe/llm/typed_tool.hpp>
