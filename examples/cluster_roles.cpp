// One program, three roles: by itself, or with workers, or as one of them.
//
//   cluster_roles
//   cluster_roles --listen 4242
//   cluster_roles --worker --join 4242

#include <troupe/remote.hpp>
#include <troupe/remote/command_line.hpp>
#include <troupe/troupe.hpp>

#include <algorithm>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

/// Returns the number of steps that the Collatz sequence takes from `n` to 1.
int steps_from(int n) {
  int steps = 0;
  for (long long at = n; at != 1; ++steps) {
    at = at % 2 == 0 ? at / 2 : 3 * at + 1;
  }
  return steps;
}

troupe::flow longest_sequence() {
  troupe::flow_builder one{"sequence"};
  one.add("walk", [](troupe::state& shared, troupe::context& ctx) {
    shared.append("steps", steps_from(ctx.params().at("n").get<int>()));
  });
  const auto numbers = [](const troupe::state&) {
    std::vector<troupe::json> items;
    for (int n = 1; n <= 1000; ++n) items.push_back({{"n", n}});
    return items;
  };
  return troupe::batch("sequences", one.build(), numbers,
                       {.concurrency = 64, .on = "any"});
}

int show(const troupe::outcome& ended) {
  if (!ended.ok()) throw *ended.failure;
  const auto steps = ended.state.get<std::vector<int>>("steps");
  const auto longest = std::max_element(steps.begin(), steps.end());
  std::cout << *longest << " steps from " << longest - steps.begin() + 1
            << '\n';
  return 0;
}

// region: roles
int play_role(int argc, char** argv) {
  CLI::App app{"Looks for the longest Collatz sequence."};
  troupe::remote::cluster_arguments cluster;
  add_cluster_options(app, cluster);
  CLI11_PARSE(app, argc, argv);

  troupe::interrupts interrupted;
  troupe::system system{
      {.prepare = troupe::remote::network(cluster.network())}};
  const auto tell = [](const std::string& line) {
    std::cerr << troupe::printable(line) + '\n';
  };
  if (cluster.join) {
    troupe::remote::worker_options options;
    options.flows = {longest_sequence()};
    options.capacity = std::max(1u, std::thread::hardware_concurrency());
    options.join = cluster.join;
    options.notice = tell;
    troupe::remote::serve(system, std::move(options), interrupted);
    return 0;
  }
  std::optional<troupe::remote::listener> workers;
  if (cluster.listen) {
    troupe::remote::listener_options options;
    options.at = *cluster.listen;
    options.notice = tell;
    workers.emplace(system, std::move(options));
    tell("listens for workers on " + workers->at().text());
  }
  const troupe::run run = system.start(longest_sequence());
  interrupted.on_first([run] { run.cancel("interrupted"); });
  return show(run.get());
}
// endregion

}  // namespace

int main(int argc, char** argv) {
  try {
    return play_role(argc, argv);
  } catch (const std::exception& why) {
    std::cerr << "cluster_roles: " << troupe::printable(why.what()) << '\n';
    return 1;
  }
}
