#pragma once

#include <string>

namespace troupe {

/// Writes `line` and a line feed to standard error, in one piece. The log of a
/// system that was given no other; see `system_options::log`.
///
/// Thread safety: internally synchronised.
void log_to_stderr(const std::string& line);

}  // namespace troupe
