#include "store_commands.hpp"

#include <troupe/error.hpp>
#include <troupe/json_text.hpp>
#include <troupe/printable.hpp>

#include <exception>
#include <iostream>

namespace troupe_tool {

namespace {

int status_of(troupe::errc code) {
  switch (code) {
    case troupe::errc::store_failed:
    case troupe::errc::shut_down:
    case troupe::errc::timed_out:
    case troupe::errc::request_failed:
      return exit_status::store_failed;
    default:
      return exit_status::refused;
  }
}

}  // namespace

void add_store_commands(CLI::App& app, store_arguments& all) {
  app.add_option("--store", all.file, "the file of a store of runs");
  auto* runs = app.add_subcommand("runs", "commands about stored runs");
  auto* store = app.add_subcommand("store", "commands about a store of runs");
  add_reading(*runs, all);
  add_following(*runs, all);
  add_changing(*runs, all);
  add_store_verbs(*store, all);
  for (auto* group : {runs, store}) {
    group->require_subcommand(1);
    for (auto* verb : group->get_subcommands([](CLI::App*) { return true; })) {
      verb->add_flag("--json", all.json, "write JSON, one form a line");
    }
    group->callback([&all] {
      if (all.file.empty()) throw CLI::RequiredError("--store");
    });
  }
}

void print(const store_arguments& all, const troupe::json& form,
           const std::string& text) {
  if (all.json) {
    std::cout << troupe::write_json(form, troupe::bad_text::replaced) << '\n';
  } else {
    std::cout << text;
  }
}

int perform(const store_arguments& chosen) {
  try {
    return chosen.command();
  } catch (const troupe::error& why) {
    const auto code = std::string{troupe::to_string(why.code())};
    print(chosen, {{"error", why.message()}, {"code", code}}, {});
    std::cerr << "troupe: " << troupe::printable(why.message()) << '\n';
    return status_of(why.code());
  } catch (const std::exception& why) {
    std::cerr << "troupe: " << troupe::printable(why.what()) << '\n';
    return exit_status::store_failed;
  }
}

}  // namespace troupe_tool
