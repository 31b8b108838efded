// troupe runs list|show|history|why|state|diff

#include "run_choice.hpp"
#include "run_forms.hpp"
#include "store_commands.hpp"

#include <troupe/json_text.hpp>
#include <troupe/printable.hpp>
#include <troupe/store/run_history.hpp>
#include <troupe/store/store_file.hpp>

#include <algorithm>
#include <iostream>
#include <memory>

namespace troupe_tool {

namespace {

using troupe::json;

template <class Things>
json list_of(const Things& from) {
  auto made = json::array();
  for (const auto& each : from) made.push_back(form_of(each));
  return made;
}

void add_list(CLI::App& runs, store_arguments& all) {
  struct chosen {
    run_choice which{};
    std::string after{};
    std::size_t limit = 1'000;
  };
  auto* command = runs.add_subcommand("list", "lists runs, by their ids");
  const auto is = std::make_shared<chosen>();
  is->which.add_to(*command);
  command->add_option("--after", is->after, "begin after the run of that id");
  command->add_option("--limit", is->limit, "the maximum number of runs")
      ->check(CLI::Range(1, 1'000'000));
  command->callback([&all, is] {
    all.command = [&all, is] {
      auto query = is->which.query();
      query.after = is->after;
      query.limit = is->limit;
      const auto found = troupe::read_store(all.file)->list(query);
      const bool has_more = found.size() == is->limit;
      print(all,
            {{"runs", list_of(found)},
             {"next", has_more ? json(found.back().id) : json{}}},
            text_of(found));
      return exit_status::done;
    };
  });
}

void add_show(CLI::App& runs, store_arguments& all) {
  auto* command = runs.add_subcommand("show", "shows one run");
  const auto id = std::make_shared<std::string>();
  command->add_option("RUN", *id, "its id")->required();
  command->callback([&all, id] {
    all.command = [&all, id] {
      const auto reader = troupe::read_store(all.file);
      const auto why = troupe::explain_run(*reader, *id);
      const auto whole = form_of(why);
      print(all,
            {{"run", whole.at("run")},
             {"address", whole.at("address")},
             {"step", whole.at("step")},
             {"node", whole.at("node")},
             {"effects", whole.at("effects")}},
            text_of(why.run));
      return exit_status::done;
    };
  });
}

void add_history(CLI::App& runs, store_arguments& all) {
  struct chosen {
    std::string id{};
    std::uint64_t after = 0;
    std::size_t limit = 1'000;
  };
  auto* command = runs.add_subcommand(
      "history", "lists the steps of a run and its sub-flows");
  const auto is = std::make_shared<chosen>();
  command->add_option("RUN", is->id, "its id")->required();
  command->add_option("--after", is->after,
                      "begin after the step of that number");
  command->add_option("--limit", is->limit, "the maximum number of steps")
      ->check(CLI::Range(1, 1'000'000));
  command->callback([&all, is] {
    all.command = [&all, is] {
      const auto reader = troupe::read_store(all.file);
      const auto steps =
          troupe::run_history(*reader, is->id, is->after, is->limit);
      const bool has_more = steps.size() == is->limit;
      print(all,
            {{"run", is->id},
             {"steps", list_of(steps)},
             {"next", has_more ? json(steps.back().number) : json{}}},
            text_of(steps));
      return exit_status::done;
    };
  });
}

void add_why(CLI::App& runs, store_arguments& all) {
  auto* command =
      runs.add_subcommand("why", "tells why a run failed, or where it stands");
  const auto id = std::make_shared<std::string>();
  command->add_option("RUN", *id, "its id")->required();
  command->callback([&all, id] {
    all.command = [&all, id] {
      const auto why = troupe::explain_run(*troupe::read_store(all.file), *id);
      print(all, form_of(why), text_of(why));
      return exit_status::done;
    };
  });
}

void add_state(CLI::App& runs, store_arguments& all) {
  struct chosen {
    std::string id{};
    std::string address{};
    std::optional<std::uint64_t> step{};
    bool at_start = false;
  };
  auto* command = runs.add_subcommand(
      "state", "shows the state of a run: after its last step, or another one");
  const auto is = std::make_shared<chosen>();
  command->add_option("RUN", is->id, "its id")->required();
  auto* step = command->add_option("--step", is->step,
                                   "after that step, counted from 0");
  command->add_flag("--at-start", is->at_start, "the state it began with")
      ->excludes(step);
  command
      ->add_option("--address", is->address,
                   "the address of a sub-flow, of its step")
      ->needs(step);
  command->callback([&all, is] {
    all.command = [&all, is] {
      const auto reader = troupe::read_store(all.file);
      const auto found =
          is->step || is->at_start
              ? troupe::state_at(*reader, is->id, is->address, is->step)
              : troupe::last_state(*reader, is->id);
      const auto form = found.to_json();
      print(all,
            {{"run", is->id},
             {"address", is->address},
             {"step", is->step ? json(*is->step) : json{}},
             {"state", form}},
            troupe::write_json(form, troupe::bad_text::replaced) + '\n');
      return exit_status::done;
    };
  });
}

void add_diff(CLI::App& runs, store_arguments& all) {
  struct chosen {
    std::string id{};
    std::string other{};
    std::string address{};
    std::optional<std::uint64_t> from{};
    std::optional<std::uint64_t> to{};
  };
  auto* command = runs.add_subcommand(
      "diff",
      "shows what differs between the states after two steps of a run, "
      "or at the ends of two runs");
  const auto is = std::make_shared<chosen>();
  command->add_option("RUN", is->id, "its id")->required();
  command->add_option("OTHER", is->other, "another run");
  command->add_option("--from", is->from,
                      "the earlier step; absent: the beginning");
  command->add_option("--to", is->to, "the later step; absent: the last one");
  command->add_option("--address", is->address, "the address of a sub-flow");
  command->callback([&all, is] {
    all.command = [&all, is] {
      constexpr std::size_t most = 10'000;
      const auto reader = troupe::read_store(all.file);
      const bool is_same = is->other.empty();
      const auto before =
          is_same || is->from
              ? troupe::state_at(*reader, is->id, is->address, is->from)
              : troupe::last_state(*reader, is->id);
      const auto& second = is_same ? is->id : is->other;
      const auto after =
          is->to ? troupe::state_at(*reader, second, is->address, is->to)
                 : troupe::last_state(*reader, second);
      const auto found = troupe::differences(before.root(), after.root(), most);
      print(all,
            {{"run", is->id}, {"other", second}, {"changes", list_of(found)}},
            text_of(found));
      return exit_status::done;
    };
  });
}

}  // namespace

void add_reading(CLI::App& runs, store_arguments& all) {
  add_list(runs, all);
  add_show(runs, all);
  add_history(runs, all);
  add_why(runs, all);
  add_state(runs, all);
  add_diff(runs, all);
}

}  // namespace troupe_tool
