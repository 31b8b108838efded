#pragma once

#include "troupe/store/run_store.hpp"
#include "troupe/store/stored_forms.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

/// The id of a run, for texts.
[[nodiscard]] std::string shown_id(std::string_view id);
/// Errors: throws `errc::missing_key` for a run that is not there.
[[nodiscard]] run_record find_stored(store_reader& reader,
                                     const std::string& id);
[[nodiscard]] part_source parts_of_store(store_reader& reader);
/// The path of a node as text: "outer/inner/node".
[[nodiscard]] std::string joined_path(const std::vector<std::string>& path);

}  // namespace troupe::detail
