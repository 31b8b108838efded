// troupe store check|backup|compact|info

#include "columns.hpp"
#include "store_commands.hpp"

#include <troupe/printable.hpp>
#include <troupe/store/store_file.hpp>

#include <memory>

namespace troupe_tool {

namespace {

using troupe::json;

json form_of_info(const troupe::store_info& info) {
  json runs = json::object();
  for (std::size_t i = 0; i < info.runs.size(); ++i) {
    runs[std::string{troupe::to_string(static_cast<troupe::run_status>(i))}] =
        info.runs[i];
  }
  json form{{"path", info.path},
            {"id", info.id},
            {"openings", info.openings},
            {"schema_version", info.schema_version},
            {"sqlite_version", info.sqlite_version},
            {"file_bytes", info.file_bytes},
            {"wal_bytes", info.wal_bytes},
            {"free_bytes", info.free_bytes},
            {"runs", std::move(runs)},
            {"entries", info.entries},
            {"parts", info.parts},
            {"part_bytes", info.part_bytes},
            {"purged", info.purged},
            {"owner", nullptr}};
  if (info.owner) {
    form["owner"] = {{"process", info.owner->process},
                     {"host", info.owner->host}};
  }
  return form;
}

std::string text_of_info(const troupe::store_info& info) {
  std::string runs;
  for (std::size_t i = 0; i < info.runs.size(); ++i) {
    if (info.runs[i] == 0) continue;
    const auto status = static_cast<troupe::run_status>(i);
    runs += (runs.empty() ? "" : ", ") + std::to_string(info.runs[i]) + ' ' +
            std::string{troupe::to_string(status)};
  }
  std::vector<row> rows{
      {"file", troupe::printable(info.path)},
      {"id", troupe::printable(info.id)},
      {"openings", std::to_string(info.openings)},
      {"schema", std::to_string(info.schema_version)},
      {"SQLite", troupe::printable(info.sqlite_version)},
      {"bytes", std::to_string(info.file_bytes) + ", " +
                    std::to_string(info.free_bytes) + " of them free, WAL " +
                    std::to_string(info.wal_bytes)},
      {"runs", runs.empty() ? "none" : runs},
      {"entries", std::to_string(info.entries)},
      {"parts", std::to_string(info.parts) + " of " +
                    std::to_string(info.part_bytes) + " bytes"},
      {"purged", std::to_string(info.purged)},
      {"owner", info.owner ? "process " + std::to_string(info.owner->process) +
                                 " on " + troupe::printable(info.owner->host)
                           : "none"}};
  return in_columns(rows);
}

int show_info(const store_arguments& all) {
  const auto info = troupe::read_store_info(all.file);
  print(all, form_of_info(info), text_of_info(info));
  return exit_status::done;
}

int check(const store_arguments& all) {
  const auto faults = troupe::check_store(all.file);
  auto list = json::array();
  std::string text;
  for (const auto& each : faults) {
    list.push_back(each);
    text += troupe::printable(each) + '\n';
  }
  print(all, {{"sound", faults.empty()}, {"faults", std::move(list)}},
        faults.empty() ? "the store is sound\n" : text);
  return faults.empty() ? exit_status::done : exit_status::store_failed;
}

int backup(const store_arguments& all, const std::string& to) {
  troupe::backup_store(all.file, to);
  print(all, {{"to", to}}, "wrote " + troupe::printable(to) + '\n');
  return exit_status::done;
}

int compact(const store_arguments& all) {
  const auto bytes = troupe::compact_store(all.file);
  print(all, {{"bytes", bytes}},
        "gave " + std::to_string(bytes) + " bytes back\n");
  return exit_status::done;
}

}  // namespace

void add_store_verbs(CLI::App& store, store_arguments& all) {
  store.add_subcommand("info", "shows what a store holds, and who owns it")
      ->callback([&all] { all.command = [&all] { return show_info(all); }; });
  store.add_subcommand("check", "reads all of a store and lists its faults")
      ->callback([&all] { all.command = [&all] { return check(all); }; });
  store
      .add_subcommand("compact",
                      "gives bytes that hold nothing back to the file system")
      ->callback([&all] { all.command = [&all] { return compact(all); }; });
  auto* copy = store.add_subcommand(
      "backup", "writes a copy of a store as of now to a new file");
  const auto to = std::make_shared<std::string>();
  copy->add_option("TO", *to, "the new file")->required();
  copy->callback(
      [&all, to] { all.command = [&all, to] { return backup(all, *to); }; });
}

}  // namespace troupe_tool
