#pragma once

// All of the core but what needs CAF: <troupe/ask.hpp>, <troupe/actor_node.hpp>
// and <troupe/protocol.hpp>.

#include <troupe/action.hpp>
#include <troupe/batch.hpp>
#include <troupe/blocking.hpp>
#include <troupe/channel.hpp>
#include <troupe/clock.hpp>
#include <troupe/concurrency.hpp>
#include <troupe/context.hpp>
#include <troupe/delta.hpp>
#include <troupe/each.hpp>
#include <troupe/error.hpp>
#include <troupe/event.hpp>
#include <troupe/failure.hpp>
#include <troupe/flow.hpp>
#include <troupe/gather.hpp>
#include <troupe/interrupts.hpp>
#include <troupe/json.hpp>
#include <troupe/json_text.hpp>
#include <troupe/keyed.hpp>
#include <troupe/limit.hpp>
#include <troupe/log.hpp>
#include <troupe/machine.hpp>
#include <troupe/merge.hpp>
#include <troupe/node.hpp>
#include <troupe/node_options.hpp>
#include <troupe/once.hpp>
#include <troupe/printable.hpp>
#include <troupe/rate.hpp>
#include <troupe/rate_limit.hpp>
#include <troupe/result_cache.hpp>
#include <troupe/result_store.hpp>
#include <troupe/resume.hpp>
#include <troupe/retry.hpp>
#include <troupe/run.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/sleep.hpp>
#include <troupe/state.hpp>
#include <troupe/system.hpp>
#include <troupe/task.hpp>
#include <troupe/testing.hpp>
#include <troupe/threads.hpp>
#include <troupe/value.hpp>
#include <troupe/window.hpp>
