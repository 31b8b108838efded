// troupe runs cancel|resume|fork|gc|settle

#include "run_choice.hpp"
#include "run_forms.hpp"
#include "store_commands.hpp"
#include "store_door.hpp"

#include <troupe/json_text.hpp>
#include <troupe/printable.hpp>

#include <algorithm>
#include <memory>

namespace troupe_tool {

namespace {

using troupe::json;

/// The answer, or an error that says the same.
json checked(json answer) {
  if (answer.is_object() && answer.value("ok", json{}) == json(true)) {
    return answer;
  }
  std::string text = "the owner of the store gave no sound answer";
  auto code = troupe::errc::bad_value;
  if (answer.is_object()) {
    if (const auto found = answer.find("error");
        found != answer.end() && found->is_string()) {
      text = found->get<std::string>();
    }
    const auto name = answer.value("code", json{});
    for (const auto each :
         {troupe::errc::store_failed, troupe::errc::shut_down,
          troupe::errc::missing_key, troupe::errc::id_taken,
          troupe::errc::timed_out, troupe::errc::request_failed}) {
      if (name == json(troupe::to_string(each))) code = each;
    }
  }
  throw troupe::error{code, text};
}

json parsed(const std::string& option, const std::string& text) {
  try {
    return troupe::read_json(text);
  } catch (const troupe::error& why) {
    throw troupe::error{troupe::errc::bad_value,
                        "invalid " + option + ": " + why.message()};
  }
}

// -- several runs -------------------------------------------------------------

struct bulk {
  std::string verb{};
  std::vector<std::string> ids{};
  run_choice which{};
  std::optional<std::string> reason{};
  bool is_dry = false;
  /// The statuses that the verb is for, if none is named.
  std::vector<troupe::run_status> statuses{};
};

std::vector<std::string> chosen_ids(const bulk& what, store_door& door) {
  if (!what.ids.empty()) return what.ids;
  auto query = what.which.query();
  if (query.statuses.empty()) query.statuses = what.statuses;
  std::vector<std::string> ids;
  for (auto& each : all_runs(door.reader(), query)) {
    ids.push_back(std::move(each.id));
  }
  return ids;
}

/// Changes one run. One that fails holds up no other.
json change_one(const bulk& what, const std::string& id, store_door& door,
                int& status) {
  json form{{"run", id}, {"ok", true}, {"error", nullptr}, {"code", nullptr}};
  try {
    if (what.is_dry) {
      if (door.reader().find(id)) return form;
      throw troupe::error{troupe::errc::missing_key,
                          "the run '" + id + "' is not in the store"};
    }
    json request{{"verb", what.verb}, {"run", id}};
    if (what.reason) request["reason"] = *what.reason;
    (void)checked(door.ask(request));
  } catch (const troupe::error& why) {
    const bool is_of_store = why.code() == troupe::errc::store_failed ||
                             why.code() == troupe::errc::shut_down ||
                             why.code() == troupe::errc::timed_out;
    status = std::max(
        status, is_of_store ? exit_status::store_failed : exit_status::refused);
    form["ok"] = false;
    form["error"] = why.message();
    form["code"] = troupe::to_string(why.code());
  }
  return form;
}

int change_all(const store_arguments& all, const bulk& what) {
  store_door door{all.file};
  int status = exit_status::done;
  auto done = json::array();
  std::string text;
  for (const auto& id : chosen_ids(what, door)) {
    done.push_back(change_one(what, id, door, status));
    const auto& form = done.back();
    text += troupe::printable(id) + ": ";
    if (form.at("ok") == json(true)) {
      text += what.is_dry ? "would " + what.verb : what.verb + " done";
    } else {
      text += troupe::printable(form.at("error").get<std::string>());
    }
    text += '\n';
  }
  if (done.empty()) text = "no runs\n";
  print(all, {{"verb", what.verb}, {"dry_run", what.is_dry}, {"runs", done}},
        text);
  return status;
}

void add_bulk(CLI::App& runs, store_arguments& all, const std::string& verb,
              const std::string& brief,
              std::vector<troupe::run_status> statuses) {
  auto* command = runs.add_subcommand(verb, brief);
  const auto is = std::make_shared<bulk>();
  is->verb = verb;
  is->statuses = std::move(statuses);
  command->add_option("RUN", is->ids, "their ids");
  is->which.add_to(*command);
  if (verb == "cancel") {
    command->add_option("--reason", is->reason, "the text of the failure");
  }
  command->add_flag("--dry-run", is->is_dry, "only list them");
  command->callback([&all, is] {
    if (is->ids.empty() == is->which.is_empty()) {
      throw CLI::ValidationError("name runs by their ids or by filters");
    }
    all.command = [&all, is] { return change_all(all, *is); };
  });
}

// -- one run ------------------------------------------------------------------

struct fork_choice {
  std::string run{};
  std::optional<std::uint64_t> step{};
  bool from_start = false;
  std::string edits{};
  std::string id{};
};

int fork_one(const store_arguments& all, const fork_choice& what) {
  json request{{"verb", "fork"}, {"run", what.run}, {"id", what.id}};
  if (what.step) request["after_step"] = *what.step;
  if (!what.edits.empty()) request["edits"] = parsed("--edits", what.edits);
  auto answer = checked(store_door{all.file}.ask(request));
  answer.erase("ok");
  auto text =
      "made the run " + troupe::printable(answer.value("id", std::string{}));
  if (what.step) {
    const auto next = answer.value("next", std::string{});
    text += "; step " + std::to_string(*what.step) + " is not done again" +
            (answer.value("over", false)
                 ? ", and there is nothing left to do"
                 : ", the next is " +
                       (next.empty() ? "a fan-out" : troupe::printable(next)));
  } else {
    text += ", which begins with the first step";
  }
  print(all, answer, text + "\n");
  return exit_status::done;
}

void add_fork(CLI::App& runs, store_arguments& all) {
  auto* command = runs.add_subcommand(
      "fork", "makes a run of its own of what a run was after a step");
  const auto is = std::make_shared<fork_choice>();
  command->add_option("RUN", is->run, "its id")->required();
  auto* step = command->add_option(
      "--step", is->step, "the last step that is not done again, from 0");
  command->add_flag("--from-start", is->from_start, "all steps are done again")
      ->excludes(step);
  command->add_option("--edits", is->edits,
                      "a JSON merge patch on the state, an object");
  command->add_option("--id", is->id, "the id of the new run");
  command->callback([&all, is] {
    if (!is->step && !is->from_start) {
      throw CLI::ValidationError("name --step N or --from-start");
    }
    all.command = [&all, is] { return fork_one(all, *is); };
  });
}

int collect(const store_arguments& all, const run_choice& which, bool is_dry) {
  store_door door{all.file};
  std::vector<troupe::run_status> statuses;
  for (const auto each : which.chosen_statuses()) statuses.push_back(each);
  if (statuses.empty()) {
    statuses = {troupe::run_status::finished, troupe::run_status::failed,
                troupe::run_status::cancelled};
  }
  json answer;
  if (is_dry) {
    auto query = which.query();
    query.created_before_ms.reset();
    query.ended_before_ms = which.before_ms();
    query.statuses = statuses;
    answer = {{"purged", all_runs(door.reader(), query).size()}};
  } else {
    json request{{"verb", "purge"}};
    if (which.flow) request["flow"] = *which.flow;
    if (which.version) request["version"] = *which.version;
    if (which.failure) request["failure"] = *which.failure;
    if (const auto before = which.before_ms()) {
      request["ended_before_ms"] = *before;
    }
    for (const auto each : statuses) {
      request["statuses"].push_back(troupe::to_string(each));
    }
    answer = checked(door.ask(request));
    answer.erase("ok");
  }
  answer["dry_run"] = is_dry;
  const auto count = troupe::write_json(answer.value("purged", json(0)));
  print(all, answer, (is_dry ? "would purge " : "purged ") + count + " runs\n");
  return exit_status::done;
}

void add_gc(CLI::App& runs, store_arguments& all) {
  struct chosen {
    run_choice which{};
    bool is_all = false;
    bool is_dry = false;
  };
  auto* command = runs.add_subcommand(
      "gc", "deletes runs that have ended, --older-than since their end");
  const auto is = std::make_shared<chosen>();
  is->which.add_to(*command);
  command->add_flag("--all", is->is_all, "all that have ended");
  command->add_flag("--dry-run", is->is_dry, "only count them");
  command->callback([&all, is] {
    if (is->which.is_empty() != is->is_all) {
      throw CLI::ValidationError("name the runs by filters, or --all");
    }
    for (const auto each : is->which.chosen_statuses()) {
      if (troupe::is_over(each)) continue;
      throw CLI::ValidationError(
          "--status must be finished, failed or cancelled");
    }
    all.command = [&all, is] { return collect(all, is->which, is->is_dry); };
  });
}

struct settle_choice {
  std::string run{};
  std::string effect{};
  std::optional<std::string> address{};
  std::optional<std::uint64_t> item{};
  std::optional<std::string> result{};
  std::optional<std::string> failure{};
};

int settle_one(const store_arguments& all, const settle_choice& what) {
  json request{{"verb", "settle"}, {"run", what.run}, {"effect", what.effect}};
  if (what.address) request["address"] = *what.address;
  if (what.item) request["item"] = *what.item;
  if (what.result) request["result"] = parsed("--result", *what.result);
  if (what.failure) request["failure"] = *what.failure;
  auto answer = checked(store_door{all.file}.ask(request));
  answer.erase("ok");
  print(all, answer,
        "settled the effect " + troupe::printable(what.effect) + "\n");
  return exit_status::done;
}

void add_settle(CLI::App& runs, store_arguments& all) {
  auto* command = runs.add_subcommand(
      "settle", "tells the end of an effect whose end is not known");
  const auto is = std::make_shared<settle_choice>();
  command->add_option("RUN", is->run, "its id")->required();
  command->add_option("EFFECT", is->effect, "the name of the effect")
      ->required();
  command->add_option("--address", is->address, "its sub-flow");
  command->add_option("--item", is->item, "its item of a batch node");
  command->add_option("--result", is->result, "what it gave, as JSON");
  command->add_option("--failure", is->failure, "how it failed");
  command->callback([&all, is] {
    if (is->result.has_value() == is->failure.has_value()) {
      throw CLI::ValidationError("name --result JSON or --failure TEXT");
    }
    all.command = [&all, is] { return settle_one(all, *is); };
  });
}

}  // namespace

void add_changing(CLI::App& runs, store_arguments& all) {
  using troupe::run_status;
  add_bulk(runs, all, "cancel", "cancels runs, by ids or filters",
           {run_status::running, run_status::parked, run_status::quarantined});
  add_bulk(
      runs, all, "resume",
      "lets runs go on that have failed, were cancelled, or are in "
      "quarantine, by ids or filters",
      {run_status::failed, run_status::cancelled, run_status::quarantined});
  add_fork(runs, all);
  add_gc(runs, all);
  add_settle(runs, all);
}

}  // namespace troupe_tool
