#pragma once

#include "summarize/files/text_file.hpp"
#include "summarize/report.hpp"
#include "summarize/summarizer.hpp"
#include "summarize/text/chunk.hpp"

#include <troupe/batch.hpp>
#include <troupe/each.hpp>
#include <troupe/flow.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace summarize {

NLOHMANN_JSON_SERIALIZE_ENUM(file_status,
                             {{file_status::unreadable, "unreadable"},
                              {file_status::ok, "ok"},
                              {file_status::empty, "empty"},
                              {file_status::binary, "binary"},
                              {file_status::too_large, "too_large"}})
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(loaded_file, status, text, reason, bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(file_report, file, links, status, reason,
                                   summary, bytes, words, chunks, truncated)

/// A result of a summariser that is more than a text.
struct summary {
  std::string text;
  bool truncated = false;  ///< its end is missing
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(summary, text, truncated)

[[nodiscard]] inline const std::string& text_of(const std::string& text) {
  return text;
}
[[nodiscard]] inline const std::string& text_of(const summary& made) {
  return made.text;
}
[[nodiscard]] inline bool is_truncated(const std::string&) { return false; }
[[nodiscard]] inline bool is_truncated(const summary& made) {
  return made.truncated;
}

/// The result of a summariser, awaited if it is a task.
template <class Summarizer>
using made_by = typename troupe::detail::task_traits<std::invoke_result_t<
    const Summarizer&, std::string, troupe::context&>>::value_type;

/// The files of a run; a sub-flow's params hold the position of its own.
using file_list = std::shared_ptr<const std::vector<listed_file>>;

/// Starts the report on a file, without a summary yet.
[[nodiscard]] file_report report_on(const listed_file& file,
                                    const loaded_file& loaded);

/// Reads a file. Blocks, so it belongs on a blocking thread.
/// Leaves "text" and "report"; gives "refused" for what cannot be summarised.
struct load {
  std::size_t prep(const troupe::context& ctx) const;
  loaded_file exec(std::size_t index) const;
  troupe::action post(troupe::state& shared, std::size_t index,
                      loaded_file loaded) const;

  file_list files;
  std::uintmax_t max_bytes;
};

/// Cuts "text" into "chunks".
struct chunk {
  std::string prep(const troupe::state& shared) const;
  std::vector<std::string> exec(const std::string& text) const;
  void post(troupe::state& shared, const std::string& text,
            const std::vector<std::string>& chunks) const;

  std::size_t chunk_bytes;
};

/// Makes one text of the summaries of the chunks, in place of "text". Gives
/// "long" if that text is better cut and summarised once more.
struct join {
  troupe::action post(troupe::state& shared) const;

  std::size_t chunk_bytes;
};

/// Moves the finished "report" to its place among all and tells the reader of
/// the run's events.
struct file_away {
  void post(troupe::state& shared, troupe::context& ctx) const;
};

/// A stand-in for a model: any callable that takes a text and gives its
/// summary, a text or a `summary`, as a value or, as a model client would, a
/// `troupe::task` of it.
struct extractive {
  std::string operator()(std::string text, troupe::context&) const {
    return summary_of(text, options);
  }

  summary_options options;
};

/// A batch node: summarises each of "chunks" and leaves "parts".
template <class Summarizer>
struct summarize_chunks {
  std::vector<std::string> prep(const troupe::state& shared) const {
    return shared.get<std::vector<std::string>>("chunks");
  }
  auto exec(std::string text, troupe::context& ctx) const {
    return summarizer(std::move(text), ctx);
  }
  void post(troupe::state& shared, const std::vector<std::string>&,
            const std::vector<made_by<Summarizer>>& made) const {
    std::vector<std::string> parts;
    for (const auto& each : made) {
      parts.push_back(text_of(each));
      if (is_truncated(each)) shared["report"]["truncated"] = true;
    }
    shared["parts"] = parts;
  }

  Summarizer summarizer;
};

/// Completes the report with the summary: that of the only chunk, or the
/// summary of the summaries.
template <class Summarizer>
struct combine {
  std::string prep(const troupe::state& shared) const {
    return shared.get<std::string>("text");
  }
  auto exec(std::string text, troupe::context& ctx) const {
    return summarizer(std::move(text), ctx);
  }
  void post(troupe::state& shared, const std::string&,
            const made_by<Summarizer>& made) const {
    shared["report"]["summary"] = text_of(made);
    if (is_truncated(made)) shared["report"]["truncated"] = true;
  }

  Summarizer summarizer;
};

/// The settings of the flow.
struct flow_settings {
  std::size_t concurrency = 1;  ///< files at the same time
  std::size_t width = 4;        ///< chunks of one file at the same time
  std::size_t chunk_bytes = std::size_t{16} * 1024;
  std::uintmax_t max_bytes = std::uintmax_t{16} * 1024 * 1024;
  /// Of the nodes that summarise.
  troupe::node_options summarizing = {};
};

/// The most bytes that texts which are worked on together may have. They take
/// about five times as much memory.
constexpr std::uintmax_t texts_bytes_max = std::uintmax_t{256} * 1024 * 1024;

/// Returns the number of files to work on at the same time: `wanted`, or fewer
/// where the largest so many could have more than `texts_bytes_max` together;
/// at least one.
[[nodiscard]] std::size_t files_at_once(const std::vector<listed_file>& files,
                                        std::size_t wanted,
                                        std::uintmax_t max_bytes);

/// Params for a sub-flow per file.
[[nodiscard]] troupe::value params_of(const std::vector<listed_file>& files);

/// The end of the batch: a file whose sub-flow failed gets a report, too.
[[nodiscard]] troupe::fan_out_options batch_options(file_list files,
                                                    std::size_t concurrency);

/// load -> chunk -> summarise each -> join -> combine, one sub-flow per file;
/// leaves "reports", by position.
template <class Summarizer>
[[nodiscard]] troupe::flow summarize_flow(file_list files,
                                          Summarizer summarizer,
                                          const flow_settings& settings) {
  troupe::flow_builder file{"summarize_file"};
  const auto first = file.add("load", load{files, settings.max_bytes},
                              {.threads = troupe::blocking});
  const auto cut = file.add("chunk", chunk{settings.chunk_bytes});
  const auto parts =
      file.add("summarize",
               troupe::each(summarize_chunks<Summarizer>{summarizer},
                            {.concurrency = settings.width}),
               settings.summarizing);
  const auto joined = file.add("join", join{settings.chunk_bytes});
  const auto whole = file.add("combine", combine<Summarizer>{summarizer},
                              settings.summarizing);
  const auto done = file.add("file_away", file_away{});
  first >> cut >> parts >> joined >> whole >> done;
  first - "refused" >> done;
  joined - "single" >> done;
  joined - "long" >> cut;
  return troupe::batch(
      "summarize_files", file.build(),
      [files](const troupe::state&) { return params_of(*files); },
      batch_options(files, settings.concurrency));
}

/// Takes the reports out of the state that the flow left.
[[nodiscard]] std::vector<file_report> reports_in(const troupe::state& shared);

}  // namespace summarize
