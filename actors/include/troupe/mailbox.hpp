#pragma once

#include <troupe/channel.hpp>

namespace troupe {

/// The name of `channel` up to 0.1.
using mailbox [[deprecated("use troupe::channel")]] = channel;
/// The name of `channel_options` up to 0.1.
using mailbox_options [[deprecated("use troupe::channel_options")]] =
    channel_options;

}  // namespace troupe
