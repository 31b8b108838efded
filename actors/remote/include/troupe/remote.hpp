#pragma once

// All of troupe::remote but <troupe/remote/command_line.hpp>, which needs
// CLI11.

#include <troupe/remote/keyed_actors.hpp>
#include <troupe/remote/listener.hpp>
#include <troupe/remote/network.hpp>
#include <troupe/remote/serve.hpp>
#include <troupe/remote/shared_limit.hpp>
#include <troupe/remote/shared_semaphore.hpp>
#include <troupe/remote/status.hpp>
#include <troupe/remote/topic.hpp>
#include <troupe/remote/worker.hpp>
