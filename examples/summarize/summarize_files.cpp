// The main job: summarises every text file under a directory.
//
// A batch flow runs one sub-flow per file, so many at the same time:
// load -> chunk -> summarise each chunk -> join -> combine. The parts that
// know nothing of flows are in summarize/.

#include "summarize/cluster.hpp"
#include "summarize/command_line.hpp"
#include "summarize/files/output_file.hpp"
#include "summarize/files/text_file.hpp"
#include "summarize/flow.hpp"
#include "summarize/kept_job.hpp"
#include "summarize/model.hpp"
#include "summarize/progress.hpp"
#include "summarize/report.hpp"

#include <troupe/troupe.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using namespace summarize;
using troupe::printable;

/// Events that may wait to be shown: enough for the tokens of many replies.
constexpr std::size_t events_kept = 65'536;

/// Lists the files, without the one that is about to be written.
listing files_for(const command_line& chosen) {
  if (chosen.out) remove_leftovers(*chosen.out);
  listing found = list_files(chosen.directory,
                             chosen.follow_links ? outside_links::followed
                                                 : outside_links::passed_over);
  if (!chosen.out) return found;
  std::error_code missing;
  std::erase_if(found.files, [&](const listed_file& file) {
    const bool same =
        std::filesystem::equivalent(file.path, *chosen.out, missing);
    if (same) found.skipped.push_back({file.name, "is the output file"});
    return same;
  });
  return found;
}

troupe::flow flow_for(troupe::system& system, const file_list& files,
                      const command_line& chosen) {
  flow_settings settings;
  settings.summarizing.on = label_of(chosen);
  settings.concurrency =
      files_at_once(*files, chosen.concurrency, chosen.max_bytes);
  settings.chunk_bytes = chosen.chunk_bytes;
  settings.max_bytes = chosen.max_bytes;
  if (chosen.model) {
    return model_flow(system, files, chosen, settings);
  }
  summary_options length;
  length.sentences = chosen.sentences;
  return summarize_flow(files, extractive{length}, settings);
}

/// Tells of workers, in a line of its own also where a bar is being drawn.
void tell(const std::string& line) {
  static const char* const begin = stderr_is_terminal() ? "\r\x1b[K" : "";
  std::cerr << begin + ("summarize_files: " + printable(line) + "\n");
}

/// Works for the process that listens, until this one is asked to end.
exit_status run_worker(const command_line& chosen) {
  troupe::interrupts interrupted;
  troupe::system system{system_options_of(chosen)};
  const auto nothing = std::make_shared<const std::vector<listed_file>>();
  work_for_others(system, flow_for(system, nothing, chosen), chosen,
                  interrupted, tell);
  return exit_status::all_summarised;
}

/// The figures of a run, by its events, and the bar that shows them.
struct run_progress {
  progress_bar bar;
  token_count& counted;
  std::size_t done = 0;
  std::size_t failed = 0;
  std::size_t tokens = 0;

  void show(const troupe::event& event) {
    if (event.kind != troupe::event_kind::custom) return;
    if (event.data.contains("token")) {
      ++tokens;
    } else if (event.data.contains("tokens_in")) {
      counted.in += event.data.at("tokens_in").get<std::uint64_t>();
      counted.out += event.data.at("tokens_out").get<std::uint64_t>();
    } else {
      ++done;
      if (event.data.at("status") != "ok") ++failed;
    }
    bar.count_tokens(tokens);
    draw();
  }

  void draw() { bar.update(done, failed, troupe::clock::steady().now()); }
};

/// Shows the events of `run` until it has ended, or until it is to be put away
/// because the program is asked to end. Returns false for that.
bool follow(const troupe::run& run, run_progress& progress,
            const troupe::interrupts* puts_away) {
  auto events = run.events();
  if (puts_away == nullptr) {
    while (const auto event = events.next()) progress.show(*event);
    return true;
  }
  using namespace std::chrono_literals;
  for (bool is_over = false;;) {
    while (const auto event = events.try_next()) progress.show(*event);
    if (is_over) return true;
    if (puts_away->came()) return false;
    is_over = run.wait_for(50ms).has_value();
  }
}

/// Says how a job that was put away goes on, and ends as the signal does.
[[noreturn]] void end_and_tell(const kept_job& job, const std::string& id,
                               std::size_t files,
                               const troupe::interrupts& interrupted) {
  tell("parked; " + std::to_string(files_done(job, id)) + " of " +
       std::to_string(files) +
       " files are done. The same command with --resume goes on.");
  interrupted.end_program();
}

/// Runs the flow, and meanwhile shows the progress. Nothing if it was put away.
std::optional<troupe::outcome> run_flow(const file_list& files,
                                        const command_line& chosen,
                                        const kept_job* job, std::string& id,
                                        token_count& counted,
                                        troupe::interrupts& interrupted) {
  auto options = system_options_of(chosen);
  if (job != nullptr) options.store = job->store;
  troupe::system system{std::move(options)};
  const troupe::flow work = flow_for(system, files, chosen);
  const auto workers = listen_for_workers(system, chosen, tell);

  progress_bar::options look;
  look.total = files->size();
  look.enabled = stderr_is_terminal();
  look.columns = stderr_columns;
  run_progress progress{
      progress_bar(std::cerr, look, troupe::clock::steady().now()), counted};
  if (job != nullptr && !job->id.empty()) {
    progress.done = files_done(*job, job->id);
    tell("goes on; " + std::to_string(progress.done) + " of " +
         std::to_string(files->size()) + " files are done.");
  }
  troupe::run_options reported;
  reported.events_max = events_kept;
  const troupe::run run = job != nullptr ? start(system, work, *job, reported)
                                         : system.start(work, {}, reported);
  id = run.id();
  if (job == nullptr) {
    interrupted.on_first([run] { run.cancel("interrupted"); });
  } else {
    // Seen below: what ends the system puts the run away.
    interrupted.on_first([] {});
  }
  if (!follow(run, progress, job != nullptr ? &interrupted : nullptr)) {
    progress.bar.finish(troupe::clock::steady().now());
    return std::nullopt;
  }
  troupe::outcome result = run.get();
  if (result.ok()) progress.done = files->size();
  progress.draw();
  progress.bar.finish(troupe::clock::steady().now());
  return result;
}

void write(std::ostream& out, const command_line& chosen,
           const std::vector<file_report>& reports, const listing& found,
           const token_count& counted) {
  if (chosen.json) {
    write_json(out, reports);
    return;
  }
  write_text(out, reports, found.skipped);
  if (chosen.model) out << counted.cost_line() << '\n';
}

bool summarize_all(const command_line& chosen, listing found) {
  troupe::interrupts interrupted;
  // Opened first: a place that cannot be written to is known at once.
  std::unique_ptr<output_file> file;
  if (chosen.out) file = std::make_unique<output_file>(*chosen.out);
  const auto job = kept_job_for(chosen, found);

  const auto files =
      std::make_shared<const std::vector<listed_file>>(std::move(found.files));
  token_count counted;
  std::string id;
  const auto ended =
      run_flow(files, chosen, job ? &*job : nullptr, id, counted, interrupted);
  if (!ended) {
    file.reset();
    end_and_tell(*job, id, files->size(), interrupted);
  }
  const troupe::outcome& result = *ended;
  if (!result.ok() && (job || !interrupted.came())) throw *result.failure;

  std::vector<file_report> reports = reports_in(result.state);
  for (const unlisted_entry& problem : found.problems) {
    file_report report;
    report.file = troupe::as_utf8(problem.name);
    report.status = to_string(file_status::unreadable);
    report.reason = troupe::as_utf8(problem.reason);
    reports.push_back(std::move(report));
  }
  std::sort(reports.begin(), reports.end(),
            [](const auto& a, const auto& b) { return a.file < b.file; });
  if (file) {
    write(file->stream(), chosen, reports, found, counted);
    file->commit();
  } else {
    errno = 0;
    write(std::cout, chosen, reports, found, counted);
    if (!std::cout.flush()) {
      throw std::system_error(errno != 0 ? errno : EIO, std::generic_category(),
                              "cannot write to standard output");
    }
  }
  bool all_good = true;
  for (const file_report& report : reports) all_good &= report.ok();
  if (!all_good && (file || chosen.json)) {
    std::cerr << closing_line(reports, found.skipped.size()) << '\n';
  }
  if (chosen.model && chosen.json) std::cerr << counted.cost_line() << '\n';
  if (!result.ok()) {
    std::cerr << "summarize_files: interrupted; "
              << reports.size() - found.problems.size() << " of "
              << files->size() << " files were worked on to their end.\n";
    interrupted.end_program();
  }
  return all_good;
}

exit_status run_program(int argc, char** argv) {
  const auto parsed = parse_arguments(argc, argv, std::cout, std::cerr);
  if (!parsed.value) {
    const bool is_told = static_cast<bool>(std::cout.flush());
    return is_told ? parsed.status : exit_status::bad_usage;
  }
  try {
    if (is_worker(*parsed.value)) return run_worker(*parsed.value);
    listing found = files_for(*parsed.value);
    if (found.files.empty() && found.problems.empty() &&
        !parsed.value->resume) {
      std::cerr << "summarize_files: there are no files under \""
                << printable(parsed.value->directory.string())
                << "\"; name a directory that holds text files.\n";
      return exit_status::bad_usage;
    }
    return summarize_all(*parsed.value, std::move(found))
               ? exit_status::all_summarised
               : exit_status::some_failed;
  } catch (const std::system_error& fault) {
    std::cerr << "summarize_files: " << printable(fault.what())
              << "; choose another place with --out.\n";
    return exit_status::bad_usage;
  } catch (const std::exception& fault) {
    std::cerr << "summarize_files: " << printable(fault.what()) << ".\n";
    return exit_status::some_failed;
  }
}

}  // namespace

int main(int argc, char** argv) {
  // A limit of the size of files is then an error of the write.
  std::signal(SIGXFSZ, SIG_IGN);
  return static_cast<int>(run_program(argc, argv));
}
