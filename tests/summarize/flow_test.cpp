#include "summarize/flow.hpp"

#include "summarize/temporary_directory.hpp"
#include "support/catch.hpp"

#include <troupe/system.hpp>
#include <troupe/task.hpp>

#include <memory>
#include <stdexcept>
#include <string>

using summarize::file_list;
using summarize::flow_settings;

namespace {

/// Stands for a model client: a coroutine that can fail.
struct first_words {
  troupe::task<std::string> operator()(std::string text,
                                       troupe::context&) const {
    if (text.starts_with("fail")) throw std::runtime_error("no answer");
    co_return text.substr(0, 10);
  }
};

/// Gives back half of what it gets, so that rounds of summaries are needed.
struct half {
  std::string operator()(const std::string& text, troupe::context&) const {
    return text.substr(0, text.size() / 2);
  }
};

/// Cannot make anything shorter.
struct echo {
  std::string operator()(const std::string& text, troupe::context&) const {
    return text;
  }
};

/// Stands for a model that has no more tokens.
struct cut_short {
  troupe::task<summarize::summary> operator()(std::string text,
                                              troupe::context&) const {
    const bool is_long = text.find("long") != std::string::npos;
    summarize::summary made{is_long ? "Some of" : "all of it.", is_long};
    co_return made;
  }
};

file_list files_in(const temporary_directory& folder) {
  return std::make_shared<const std::vector<summarize::listed_file>>(
      summarize::list_files(folder.path()).files);
}

template <class Summarizer>
std::vector<summarize::file_report> reports_of(
    const temporary_directory& folder, Summarizer summarizer,
    const flow_settings& settings) {
  troupe::system system;
  const auto run = system.start(
      summarize::summarize_flow(files_in(folder), summarizer, settings));
  const troupe::outcome result = run.get();
  if (!result.ok()) throw *result.failure;
  for (const char* local : {"text", "chunks", "parts", "report"}) {
    REQUIRE_FALSE(result.state.contains(local));
  }
  return summarize::reports_in(result.state);
}

std::string many_words() {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "word" + std::to_string(i) + " ";
  return text;
}

}  // namespace

TEST_CASE("a summary without its end is marked", "[flow]") {
  const temporary_directory folder;
  folder.write("a", "long as it is");
  folder.write("b", "short");
  folder.write("c",
               std::string(300, 'x') + "\n\nlong " + std::string(280, 'y'));
  flow_settings settings;
  settings.chunk_bytes = 310;
  const auto reports = reports_of(folder, cut_short{}, settings);
  REQUIRE(reports.size() == 3);
  REQUIRE(reports[0].truncated);
  REQUIRE(summarize::json_line(reports[0]).find(",\"truncated\":true,") !=
          std::string::npos);
  REQUIRE_FALSE(reports[1].truncated);
  REQUIRE(summarize::json_line(reports[1]).find("truncated") ==
          std::string::npos);
  REQUIRE(reports[2].chunks > 1);
  REQUIRE(reports[2].truncated);
  REQUIRE(reports[2].ok());
}

TEST_CASE("a summariser that is a coroutine takes the place of the default",
          "[flow]") {
  const temporary_directory folder;
  folder.write("a", "The first file.");
  folder.write("b", "The second file.");
  const auto reports = reports_of(folder, first_words{}, {.concurrency = 2});
  REQUIRE(reports.size() == 2);
  REQUIRE(reports[0].file == "a");
  REQUIRE(reports[0].summary == "The first ");
  REQUIRE(reports[0].words == 3);
  REQUIRE(reports[0].chunks == 1);
  REQUIRE(reports[1].summary == "The second");
}

TEST_CASE("a summariser that fails fails its file and no other", "[flow]") {
  const temporary_directory folder;
  folder.write("a", "good text");
  folder.write("b", "fail on this");
  folder.write("c", "good text");
  for (const std::size_t concurrency : {std::size_t{1}, std::size_t{3}}) {
    const auto reports =
        reports_of(folder, first_words{}, {.concurrency = concurrency});
    REQUIRE(reports.size() == 3);
    REQUIRE(reports[0].ok());
    REQUIRE(reports[1].status == "failed");
    REQUIRE(reports[1].reason.find("no answer") != std::string::npos);
    REQUIRE(reports[2].ok());
  }
}

TEST_CASE("a long text is summarised in rounds", "[flow]") {
  const temporary_directory folder;
  const std::string text = many_words();
  folder.write("long", text);
  const auto reports = reports_of(folder, half{}, {.chunk_bytes = 256});
  REQUIRE(reports.size() == 1);
  REQUIRE(reports[0].ok());
  REQUIRE(reports[0].chunks == summarize::split_chunks(text, 256).size());
  REQUIRE(reports[0].summary.starts_with("word0 word1 "));
}

TEST_CASE("rounds end when they make a text no shorter", "[flow]") {
  const temporary_directory folder;
  folder.write("long", many_words());
  const auto reports = reports_of(folder, echo{}, {.chunk_bytes = 256});
  REQUIRE(reports.size() == 1);
  REQUIRE(reports[0].ok());
  REQUIRE(reports[0].summary.find("word999") != std::string::npos);
}

TEST_CASE("files that cannot be summarised are reported with the others",
          "[flow]") {
  const temporary_directory folder;
  folder.write("a.txt", "Some text is here.");
  folder.write("b.png", std::string("\x89PNG\0", 5));
  folder.write("c.html", "<html><p>Some <b>text</b> is here.</p></html>");
  folder.write("d.html", "<html><img src=\"x\"></html>");
  const auto reports =
      reports_of(folder, summarize::extractive{}, {.concurrency = 4});
  REQUIRE(reports.size() == 4);
  REQUIRE(reports[0].summary == "Some text is here.");
  REQUIRE(reports[1].status == "binary");
  REQUIRE(reports[2].summary == "Some text is here.");
  REQUIRE(reports[3].status == "empty");
}

TEST_CASE("no files give no reports", "[flow]") {
  const temporary_directory folder;
  REQUIRE(reports_of(folder, echo{}, {}).empty());
}

TEST_CASE("so many files are worked on that their texts have room", "[flow]") {
  const std::uintmax_t half = summarize::texts_bytes_max / 2;
  std::vector<summarize::listed_file> files(100);
  for (auto& file : files) file.bytes = 10;
  using summarize::files_at_once;
  REQUIRE(files_at_once(files, 10'000, half) == 10'000);
  REQUIRE(files_at_once({}, 5, half) == 5);
  for (std::size_t i = 0; i < 50; ++i) files[i].bytes = half;
  REQUIRE(files_at_once(files, 10'000, half) == 2);
  REQUIRE(files_at_once(files, 1, half) == 1);
  // Those are not read.
  REQUIRE(files_at_once(files, 10'000, half - 1) == 10'000);
  files[0].bytes = 4 * half;
  REQUIRE(files_at_once(files, 10'000, 4 * half) == 1);
}
