#include "summarize/kept_job.hpp"

#include <troupe/printable.hpp>
#include <troupe/store/sqlite.hpp>
#include <troupe/store/stored_forms.hpp>

#include <CLI/CLI.hpp>

#include <filesystem>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace summarize {

namespace {

constexpr const char* flow_name = "summarize_files";

/// A name as a text of its own, also if it is not UTF-8.
std::string exact_name(const std::string& name) {
  if (troupe::is_utf8(name)) return name;
  constexpr std::string_view digits = "0123456789abcdef";
  // No name within a directory begins like this.
  std::string made = "//bytes/";
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    made += digits[byte >> 4U];
    made += digits[byte & 0xFU];
  }
  return made;
}

/// The options that decide what the summaries are, as they are written.
troupe::value settings_of(const command_line& chosen) {
  std::error_code unknown;
  auto directory = std::filesystem::canonical(chosen.directory, unknown);
  if (unknown) directory = chosen.directory;
  return troupe::value::object(
      {{"DIR", exact_name(directory.string())},
       {"--sentences", std::to_string(chosen.sentences)},
       {"--chunk-bytes", std::to_string(chosen.chunk_bytes)},
       {"--max-bytes", std::to_string(chosen.max_bytes)},
       {"--model", chosen.model.value_or("")},
       {"--api", chosen.api}});
}

troupe::state input_of(const command_line& chosen, const listing& found) {
  troupe::value files = troupe::value::array();
  for (const auto& file : found.files) {
    files = std::move(files).appended(exact_name(file.name));
  }
  return troupe::state{{"settings", settings_of(chosen)}, {"files", files}};
}

/// The last job of the store.
std::optional<troupe::run_record> last_job(troupe::store_reader& reader) {
  std::optional<troupe::run_record> last;
  troupe::run_query jobs;
  jobs.flow = flow_name;
  for (;;) {
    auto page = reader.list(jobs);
    for (auto& each : page) {
      jobs.after = each.id;
      if (!last || each.created_ms >= last->created_ms) last = std::move(each);
    }
    if (page.size() < jobs.limit) return last;
  }
}

void check_settings(const troupe::state& input, const command_line& chosen) {
  const auto now = settings_of(chosen);
  for (const auto& [name, then] : input.at("settings").members()) {
    const auto* given = now.find(name);
    if (given != nullptr && *given == then) continue;
    throw troupe::error{
        troupe::errc::bad_flow,
        "the job was begun with " + std::string{name} + " '" +
            then.get<std::string>() + "', and not '" +
            (given != nullptr ? given->get<std::string>() : "") +
            "'; give the same options, or begin another job with another "
            "--store"};
  }
}

/// The files of a job, in its order. One that is gone cannot be read later.
std::vector<listed_file> files_of(const troupe::state& input,
                                  std::vector<listed_file> listed) {
  std::map<std::string, listed_file> by_name;
  for (auto& each : listed) {
    auto name = exact_name(each.name);
    by_name.emplace(std::move(name), std::move(each));
  }
  std::vector<listed_file> files;
  const auto& names = input.at("files");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto name = names.at(i).get<std::string>();
    const auto there = by_name.find(name);
    listed_file gone;
    gone.name = name;
    files.push_back(there != by_name.end() ? std::move(there->second)
                                           : std::move(gone));
  }
  return files;
}

}  // namespace

void add_store_options(CLI::App& app, command_line& chosen) {
  auto* store =
      app.add_option("--store", chosen.store,
                     "keep the job in FILE, so that it can go on after its "
                     "process has ended")
          ->type_name("FILE")
          ->check([](const std::string& name) {
            return name.empty() ? "is empty; name a file" : "";
          });
  app.add_flag("--resume", chosen.resume, "go on with the job in the store")
      ->needs(store);
}

std::optional<kept_job> kept_job_for(const command_line& chosen,
                                     listing& found) {
  if (!chosen.store) return std::nullopt;
  kept_job job;
  job.store = troupe::sqlite(*chosen.store);
  const auto reader = job.store->reader();
  const auto last = last_job(*reader);
  if (!chosen.resume) {
    if (last && !troupe::is_over(last->status)) {
      throw troupe::error{
          troupe::errc::bad_flow,
          "the store " + job.store->name() +
              " has a job that has not ended; go on with it by --resume, or "
              "name another file with --store"};
    }
    job.input = input_of(chosen, found);
    return job;
  }
  if (!last) {
    throw troupe::error{troupe::errc::missing_key,
                        "the store " + job.store->name() +
                            " has no job to go on with; begin one without "
                            "--resume"};
  }
  job.id = last->id;
  job.is_broken = last->status == troupe::run_status::quarantined ||
                  last->status == troupe::run_status::failed ||
                  last->status == troupe::run_status::cancelled;
  job.input = troupe::detail::value_from(
      last->input, [&](std::string_view hash) { return reader->part(hash); });
  check_settings(job.input, chosen);
  found.files = files_of(job.input, std::move(found.files));
  return job;
}

troupe::run start(troupe::system& system, const troupe::flow& work,
                  const kept_job& job, troupe::run_options options) {
  // The same id and input give the run that is there, and make its flow known.
  options.id = job.id;
  auto run = system.start(work, job.input, std::move(options));
  return job.is_broken ? system.resume(job.id) : run;
}

std::size_t files_done(const kept_job& job, const std::string& id) {
  std::set<std::uint64_t> ended;
  job.store->reader()->entries(
      id, 0, std::numeric_limits<std::int64_t>::max(),
      [&](const troupe::stored_entry& each) {
        if (each.entry.what == troupe::log_entry::kind::item_ended &&
            each.entry.address.empty()) {
          ended.insert(each.entry.index);
        }
        return true;
      });
  return ended.size();
}

}  // namespace summarize
