// troupe runs events|tail

#include "run_forms.hpp"
#include "store_commands.hpp"

#include <troupe/json_text.hpp>
#include <troupe/printable.hpp>
#include <troupe/store/store_file.hpp>

#include <chrono>
#include <iostream>
#include <limits>
#include <memory>
#include <thread>

namespace troupe_tool {

namespace {

using troupe::json;

constexpr auto last_number =
    static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

struct followed {
  std::string id{};
  /// The number of the last entry that was shown.
  std::uint64_t after = 0;
  std::size_t limit = std::numeric_limits<std::size_t>::max();
};

troupe::run_record record_of(troupe::store_reader& reader,
                             const std::string& id) {
  if (auto found = reader.find(id)) return *std::move(found);
  throw troupe::error{troupe::errc::missing_key,
                      "the run '" + troupe::printable(id) +
                          (reader.was_purged(id) ? "' has been purged"
                                                 : "' is not in the store")};
}

/// One line for each entry that is new.
void print_new(const store_arguments& all, troupe::store_reader& reader,
               followed& from) {
  std::size_t count = 0;
  reader.entries(from.id, from.after, last_number,
                 [&](const troupe::stored_entry& each) {
                   if (count == from.limit) return false;
                   ++count;
                   print(all, form_of(each), text_of(each));
                   from.after = each.number;
                   return true;
                 });
}

int show_events(const store_arguments& all, followed from) {
  const auto reader = troupe::read_store(all.file);
  (void)record_of(*reader, from.id);
  print_new(all, *reader, from);
  return exit_status::done;
}

int follow(const store_arguments& all, followed from) {
  constexpr auto apart = std::chrono::milliseconds{200};
  const auto reader = troupe::read_store(all.file);
  for (;;) {
    // Read before the entries: what comes with the end is then among them.
    const auto run = record_of(*reader, from.id);
    print_new(all, *reader, from);
    if (troupe::is_over(run.status)) {
      const auto status = std::string{troupe::to_string(run.status)};
      print(all, {{"run", form_of(run)}}, "the run is over: " + status + '\n');
      return exit_status::done;
    }
    if (!std::cout.flush()) return exit_status::done;
    std::this_thread::sleep_for(apart);
  }
}

void add_cursor(CLI::App& command, followed& from) {
  command.add_option("RUN", from.id, "its id")->required();
  command.add_option("--after", from.after,
                     "begin after the entry of that number");
}

}  // namespace

void add_following(CLI::App& runs, store_arguments& all) {
  auto* events = runs.add_subcommand(
      "events", "lists what was stored of a run, in its order");
  const auto is = std::make_shared<followed>();
  add_cursor(*events, *is);
  events->add_option("--limit", is->limit, "the maximum number of entries");
  events->callback([&all, is] {
    all.command = [&all, is] { return show_events(all, *is); };
  });
  auto* tail = runs.add_subcommand(
      "tail", "the same, and goes on until the run has ended");
  const auto of = std::make_shared<followed>();
  add_cursor(*tail, *of);
  tail->callback(
      [&all, of] { all.command = [&all, of] { return follow(all, *of); }; });
}

}  // namespace troupe_tool
