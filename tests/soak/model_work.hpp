#pragma once

#include "workload.hpp"

namespace soak {

/// Adds calls of the model server to which `OPENAI_BASE_URL` points; nothing
/// where it is not set.
void add_model_work(workload& to);

}  // namespace soak
