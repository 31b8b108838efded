#include "stored_runs.hpp"

#include "troupe/printable.hpp"

namespace troupe::detail {

std::string shown_id(std::string_view id) {
  return "'" + printable(id, line_breaks::joined, 200) + "'";
}

run_record find_stored(store_reader& reader, const std::string& id) {
  if (auto found = reader.find(id)) return *std::move(found);
  const std::string why = reader.was_purged(id)
                              ? " has been purged"
                              : " is not in the store; list the runs";
  throw error{errc::missing_key, "the run " + shown_id(id) + why};
}

part_source parts_of_store(store_reader& reader) {
  return [&reader](std::string_view hash) { return reader.part(hash); };
}

std::string joined_path(const std::vector<std::string>& path) {
  std::string text;
  for (const auto& each : path) text += (text.empty() ? "" : "/") + each;
  return text;
}

}  // namespace troupe::detail
