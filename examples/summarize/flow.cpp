#include "summarize/flow.hpp"

#include "summarize/text/markup.hpp"

#include <troupe/printable.hpp>

#include <algorithm>
#include <functional>
#include <optional>

namespace summarize {

namespace {

/// The keys that a sub-flow keeps to itself; only its place in "reports" is
/// merged.
const std::vector<std::string> local_keys{"text", "chunks", "parts", "report"};

std::string place_of(std::size_t index) {
  return "/reports/" + std::to_string(index);
}

}  // namespace

file_report report_on(const listed_file& file, const loaded_file& loaded) {
  file_report report;
  report.file = troupe::as_utf8(file.name);
  for (const std::string& link : file.links) {
    report.links.push_back(troupe::as_utf8(link));
  }
  report.status = to_string(loaded.status);
  report.reason = troupe::as_utf8(loaded.reason);
  report.bytes = loaded.bytes;
  report.words = count_words(loaded.text);
  return report;
}

std::size_t load::prep(const troupe::context& ctx) const {
  return ctx.params().at("index").get<std::size_t>();
}

loaded_file load::exec(std::size_t index) const {
  loaded_file loaded = load_file(files->at(index), max_bytes);
  if (!looks_like_html(loaded.text)) return loaded;
  if (!reads_html()) {
    return {file_status::unreadable,
            {},
            "is an HTML page, which needs libxml2; this program was built "
            "without it",
            loaded.bytes};
  }
  loaded_file page = classify(html_to_text(loaded.text));
  page.bytes = loaded.bytes;
  return page;
}

troupe::action load::post(troupe::state& shared, std::size_t index,
                          loaded_file loaded) const {
  shared["report"] = report_on(files->at(index), loaded);
  if (loaded.status != file_status::ok) return "refused";
  shared["text"] = std::move(loaded.text);
  return {};
}

std::string chunk::prep(const troupe::state& shared) const {
  return shared.get<std::string>("text");
}

std::vector<std::string> chunk::exec(const std::string& text) const {
  const auto pieces = split_chunks(text, chunk_bytes);
  return {pieces.begin(), pieces.end()};
}

void chunk::post(troupe::state& shared, const std::string&,
                 const std::vector<std::string>& chunks) const {
  shared["chunks"] = chunks;
  // The number stays that of the file when summaries are cut again.
  if (shared.get<std::size_t>("/report/chunks") == 0) {
    shared["report"]["chunks"] = chunks.size();
  }
}

troupe::action join::post(troupe::state& shared) const {
  const troupe::value& parts = shared.at("parts");
  if (parts.size() == 1) {
    shared["report"]["summary"] = parts.at(std::size_t{0});
    return "single";
  }
  std::string text;
  for (const troupe::value& part : parts) {
    text += part.get<std::string_view>();
    text += "\n\n";
  }
  // Another round must be worth it, or it might never end.
  const std::size_t before = shared.get<std::string_view>("text").size();
  const bool again = text.size() > chunk_bytes && text.size() < before / 2;
  shared["text"] = std::move(text);
  return again ? "long" : "default";
}

void file_away::post(troupe::state& shared, troupe::context& ctx) const {
  const auto index = ctx.params().at("index").get<std::size_t>();
  const troupe::value report = shared.at("report");
  shared.set(place_of(index), report);
  ctx.emit(troupe::value::object({{"status", report.at("status")}}));
}

std::size_t files_at_once(const std::vector<listed_file>& files,
                          std::size_t wanted, std::uintmax_t max_bytes) {
  std::vector<std::uintmax_t> sizes;
  for (const listed_file& file : files) {
    // Larger ones are not read.
    if (file.bytes <= max_bytes) sizes.push_back(file.bytes);
  }
  std::sort(sizes.begin(), sizes.end(), std::greater<>());
  std::uintmax_t sum = 0;
  std::size_t fit = 0;
  while (fit < std::min(wanted, sizes.size()) &&
         (fit == 0 || sum + sizes[fit] <= texts_bytes_max)) {
    sum += sizes[fit++];
  }
  return fit < sizes.size() ? std::max<std::size_t>(fit, 1) : wanted;
}

troupe::value params_of(const std::vector<listed_file>& files) {
  troupe::value all = troupe::value::array();
  for (std::size_t i = 0; i < files.size(); ++i) {
    all = std::move(all).appended(troupe::value::object(
        {{"index", i}, {"file", troupe::as_utf8(files[i].name)}}));
  }
  return all;
}

troupe::fan_out_options batch_options(file_list files,
                                      std::size_t concurrency) {
  troupe::fan_out_options options;
  options.concurrency = concurrency;
  options.on_failure = troupe::collect;
  options.local = local_keys;
  options.post = [files = std::move(files)](
                     troupe::state& shared,
                     const std::vector<troupe::branch_outcome>& outcomes,
                     troupe::context&) -> troupe::action {
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      const auto& failure = outcomes[i].failure;
      if (!failure) continue;
      file_report report = report_on((*files)[i], {});
      report.status = "failed";
      report.reason = failure->describe();
      shared.set(place_of(i), report);
    }
    return {};
  };
  return options;
}

std::vector<file_report> reports_in(const troupe::state& shared) {
  std::vector<file_report> reports;
  const troupe::value* all = shared.find("reports");
  if (all == nullptr) return reports;
  // Not all files have one if the run was cancelled.
  for (const auto& [key, report] : all->members()) {
    reports.push_back(report.get<file_report>());
  }
  return reports;
}

}  // namespace summarize
