#include "summarize/command_line.hpp"

#include "summarize/cluster.hpp"
#include "summarize/kept_job.hpp"

#include <troupe/printable.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <ostream>
#include <string>
#include <system_error>
#include <thread>

namespace summarize {

namespace {

namespace fs = std::filesystem;

/// Checks that a number from `low` to `high` is given.
CLI::Validator whole_number(long long low, long long high) {
  return CLI::Validator(
      [low, high](std::string& text) -> std::string {
        long long number = 0;
        const char* end = text.data() + text.size();
        const auto [stop, fault] = std::from_chars(text.data(), end, number);
        const bool whole = fault == std::errc() && stop == end;
        if (whole && number >= low && number <= high) return {};
        return "must be a whole number from " + std::to_string(low) + " to " +
               std::to_string(high) + ", not \"" + text + "\"";
      },
      "N");
}

void add_model_options(CLI::App& app, command_line& chosen) {
  auto* model = app.add_option("--model", chosen.model,
                               "summarise with this model of a server instead "
                               "of the built-in method")
                    ->type_name("NAME")
                    ->check([](const std::string& name) {
                      return name.empty() ? "is empty; name a model" : "";
                    });
  app.add_option("--api", chosen.api, "the API of the model server")
      ->check(CLI::IsMember({"openai", "responses", "anthropic"}))
      ->needs(model);
  app.add_option("--base-url", chosen.base_url,
                 "the address of the model server; by default OPENAI_BASE_URL "
                 "or ANTHROPIC_BASE_URL, else OpenAI's or Anthropic's")
      ->type_name("URL")
      ->check([](const std::string& url) {
        const bool good =
            url.rfind("http://", 0) == 0 || url.rfind("https://", 0) == 0;
        return good ? "" : "must begin with http:// or https://";
      })
      ->needs(model);
  app.add_option("--rpm", chosen.rpm,
                 "the maximum number of requests per minute")
      ->check(whole_number(1, 1'000'000'000))
      ->needs(model);
  app.add_option("--tpm", chosen.tpm, "the maximum number of tokens per minute")
      ->check(whole_number(1, 1'000'000'000'000))
      ->needs(model);
}

/// Files at the same time where workers help: enough to keep several busy.
constexpr std::size_t concurrency_with_workers = 64;

/// Empty if `directory` can be listed, else what to do.
std::string directory_fault(const fs::path& directory) {
  if (directory.empty()) return "DIR is required; name a directory";
  std::error_code failure;
  const fs::file_status status = fs::status(directory, failure);
  const std::string name = "\"" + directory.string() + "\"";
  if (!fs::exists(status)) {
    return name +
           (failure && failure != std::errc::no_such_file_or_directory
                ? " cannot be read: " + failure.message()
                : " does not exist") +
           "; name a directory that holds text files";
  }
  if (!fs::is_directory(status)) {
    return name + " is not a directory; name the directory that the file is in";
  }
  return {};
}

}  // namespace

parsed_arguments parse_arguments(int argc, const char* const* argv,
                                 std::ostream& out, std::ostream& err) {
  command_line chosen;
  chosen.concurrency =
      std::max<std::size_t>(2, std::thread::hardware_concurrency());
  std::string directory;
  std::string output;
  CLI::App app("Summarises every text file under a directory.",
               "summarize_files");
  app.option_defaults()->always_capture_default();
  app.add_option("DIR", directory,
                 "the directory, including its subdirectories");
  const auto* concurrency =
      app.add_option("--concurrency", chosen.concurrency,
                     "the number of files to work on at the same time")
          ->check(whole_number(1, 100'000));
  app.add_option("--out", output, "write the result to FILE")
      ->type_name("FILE")
      ->check([](const std::string& name) {
        return name.empty() ? "is empty; name a file" : "";
      });
  app.add_flag("--json", chosen.json, "write one JSON object per file");
  app.add_flag("--follow-links", chosen.follow_links,
               "also follow links that lead out of DIR");
  app.add_option("--sentences", chosen.sentences,
                 "the maximum number of sentences in a summary")
      ->check(whole_number(1, 1'000));
  app.add_option("--chunk-bytes", chosen.chunk_bytes,
                 "the maximum size of one piece, in bytes")
      ->check(whole_number(256, 64LL * 1024 * 1024));
  app.add_option("--max-bytes", chosen.max_bytes,
                 "larger files are reported, not read")
      ->check(whole_number(1, 1LL << 30));
  add_store_options(app, chosen);
  add_model_options(app, chosen);
  add_cluster_options(app, chosen);
  app.footer(
      "Exit status: 0 all files summarised, 1 some not, 2 wrong usage.\n"
      "Ctrl-C ends it with the results so far, a second Ctrl-C ends it at "
      "once. With --store, Ctrl-C puts the job away, and --resume goes on.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    out << app.help();
    return {};
  } catch (const CLI::ParseError& fault) {
    err << "summarize_files: " << troupe::printable(fault.what())
        << "\nUsage: summarize_files DIR [--concurrency N] [--out FILE] "
           "[--json] [--model NAME [--rpm N] [--tpm N]] [--store FILE "
           "[--resume]] [--listen PORT]\n"
           "       summarize_files --worker --join HOST:PORT; "
           "--help says more.\n";
    return {std::nullopt, exit_status::bad_usage};
  }
  if (listens(chosen) && concurrency->count() == 0) {
    chosen.concurrency = concurrency_with_workers;
  }
  if (is_worker(chosen))
    return {std::move(chosen), exit_status::all_summarised};
  if (const auto fault = directory_fault(directory); !fault.empty()) {
    err << "summarize_files: " << troupe::printable(fault) << ".\n";
    return {std::nullopt, exit_status::bad_usage};
  }
  chosen.directory = directory;
  if (!output.empty()) chosen.out = output;
  return {std::move(chosen), exit_status::all_summarised};
}

}  // namespace summarize
