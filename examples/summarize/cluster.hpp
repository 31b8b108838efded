#pragma once

#include "summarize/command_line.hpp"

#include <troupe/flow.hpp>
#include <troupe/interrupts.hpp>
#include <troupe/system.hpp>

#include <functional>
#include <memory>
#include <string>

namespace CLI {
class App;
}

namespace summarize {

/// Adds the options that make the program part of a cluster; none where it is
/// built without workers.
void add_cluster_options(CLI::App& app, command_line& chosen);
/// Returns whether workers are to help.
[[nodiscard]] bool listens(const command_line& chosen);
/// Returns whether the program is such a worker, and needs no directory.
[[nodiscard]] bool is_worker(const command_line& chosen);

/// Which workers may summarise for this command line: those that would say the
/// same. Empty where nobody is to help.
[[nodiscard]] std::string label_of(const command_line& chosen);

/// Options for a system that may speak to others, if `chosen` says so.
///
/// Errors: throws `troupe::error` for certificates that cannot be used.
[[nodiscard]] troupe::system_options system_options_of(
    const command_line& chosen);

/// Lets workers join until the result is dropped; null if nobody is to help.
/// `tell` gets a line when somebody comes or goes.
[[nodiscard]] std::shared_ptr<void> listen_for_workers(
    troupe::system& system, const command_line& chosen,
    std::function<void(const std::string&)> tell);

/// Summarises for the supervisor that `chosen` names, until the program is
/// asked to end: then it finishes what it has.
void work_for_others(troupe::system& system, const troupe::flow& work,
                     const command_line& chosen,
                     troupe::interrupts& interrupted,
                     std::function<void(const std::string&)> tell);

}  // namespace summarize
