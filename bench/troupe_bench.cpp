// Measures what Troupe costs. See docs/performance.md.

#include "cases.hpp"
#ifdef TROUPE_BENCH_REMOTE
#include "remote/remote_worker.hpp"
#endif
#ifdef TROUPE_BENCH_STORE
#include "durable/durable_cases.hpp"
#endif

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <thread>

namespace bench = troupe::bench;

namespace {

struct arguments {
  bench::measuring how{
      .threads = std::max<std::size_t>(std::thread::hardware_concurrency(), 1)};
  bool as_json = false;
  troupe::turns mode = troupe::turns::in_place;
  std::int64_t steps = 1'000'000;
  std::size_t runs = 64;
  std::size_t short_runs = 100'000;
  std::size_t fanout = 0;
  std::size_t n = 100'000;
  std::int64_t wait_ms = 1000;
  std::size_t bytes = 100'000'000;
  std::size_t nodes = 10'000;
#ifdef TROUPE_MODEL_SERVER
  bench::llm_options llm;
  bench::limit_options limit;
#endif
#ifdef TROUPE_BENCH_REMOTE
  bench::remote_options remote;
  bench::remote_worker_options served;
#endif
#ifdef TROUPE_BENCH_STORE
  bench::durable_options durable;
#endif
};

class command_line {
 public:
  command_line() {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_flag("--json", given_.as_json, "Print one object on one line");
    app_.add_option("--threads", given_.how.threads, "Threads that run actors")
        ->check(CLI::Range(1, 1024));
    app_.add_option("--repetitions", given_.how.repetitions,
                    "How often each part is measured, for the median")
        ->check(CLI::Range(1, 1000));
    app_.add_option("--caf-max", given_.how.caf_max,
                    "The most actors of the raw CAF part")
        ->check(CLI::PositiveNumber);
    add_cases_of_steps();
    add_cases_of_crowds();
#ifdef TROUPE_MODEL_SERVER
    add_cases_of_models();
#endif
#ifdef TROUPE_BENCH_REMOTE
    add_cases_of_workers();
    add_worker();
#endif
#ifdef TROUPE_BENCH_STORE
    add_cases_of_stores();
#endif
  }

  int run(int count, char** words) {
    CLI11_PARSE(app_, count, words);
    if (chosen_) chosen_().print(given_.as_json);
    return 0;
  }

 private:
  CLI::App* add(const std::string& name, const std::string& about,
                std::function<bench::report()> measure) {
    auto* added = app_.add_subcommand(name, about);
    added->callback([this, measure] { chosen_ = measure; });
    return added;
  }

  void add_steps(CLI::App* to, std::int64_t usual) {
    // Each case has its own default, so it is set when the case is chosen.
    to->add_option("--steps", given_.steps, "Steps, an even number")
        ->check(CLI::Range(std::int64_t{2}, std::int64_t{1'000'000'000}));
    to->preparse_callback([this, usual](std::size_t) { given_.steps = usual; });
  }

  void add_count(CLI::App* to, std::size_t usual) {
    to->add_option("--n", given_.n, "Sub-flows")->check(CLI::PositiveNumber);
    to->preparse_callback([this, usual](std::size_t) { given_.n = usual; });
  }

  void add_cases_of_steps() {
    const std::map<std::string, troupe::turns> modes{
        {"default", troupe::turns::in_place},
        {"message", troupe::turns::by_message}};
    auto* hop = add("hop", "One run of two trivial nodes", [this] {
      return bench::hop(given_.how, given_.mode, given_.steps);
    });
    hop->add_option("--mode", given_.mode, "Who takes the turns of nodes")
        ->transform(CLI::CheckedTransformer(modes));
    add_steps(hop, 1'000'000);
    auto* runs = add("runs", "Many such runs at once", [this] {
      return bench::runs(given_.how, given_.runs, given_.steps);
    });
    runs->add_option("--runs", given_.runs, "Runs at once")
        ->check(CLI::PositiveNumber);
    add_steps(runs, 50'000);
    auto* brief = add("short", "Short runs, one after the other", [this] {
      return bench::short_runs(given_.how, given_.short_runs, given_.fanout);
    });
    brief->add_option("--runs", given_.short_runs, "Runs, one after the other")
        ->check(CLI::Range(100, 100'000'000));
    brief->add_option("--fanout", given_.fanout,
                      "Sub-flows of a batch, in place of three nodes");
    auto* state = add("state", "Steps beside other state", [this] {
      return bench::state_size(given_.how, given_.bytes, given_.steps);
    });
    state->add_option("--bytes", given_.bytes, "Bytes of other state");
    add_steps(state, 1'000'000);
    auto* graph = add("graph", "Steps in a large graph", [this] {
      return bench::graph_size(given_.how, given_.nodes, given_.steps);
    });
    graph->add_option("--nodes", given_.nodes, "Nodes of the graph")
        ->check(CLI::PositiveNumber);
    add_steps(graph, 1'000'000);
  }

  void add_cases_of_crowds() {
    add_count(add("fanout", "A batch of trivial sub-flows",
                  [this] { return bench::fanout(given_.how, given_.n); }),
              100'000);
    auto* waiting = add("waiting", "Sub-flows that wait for timers", [this] {
      return bench::waiting(given_.how, given_.n, given_.wait_ms);
    });
    waiting->add_option("--wait-ms", given_.wait_ms, "How long each waits")
        ->check(CLI::NonNegativeNumber);
    add_count(waiting, 100'000);
    add_count(add("cancel", "The end of sub-flows that wait",
                  [this] { return bench::cancel(given_.how, given_.n); }),
              10'000);
    add("barrier", "Two short waits beside a long one",
        [this] { return bench::barrier(given_.how); });
  }

#ifdef TROUPE_MODEL_SERVER
  void add_cases_of_models() {
    auto& llm = given_.llm;
    auto* calls = add("llm", "Calls of a model server, beside a bare loop",
                      [this] { return bench::llm(given_.how, given_.llm); });
    calls->add_option("--calls", llm.calls, "Calls in all")
        ->check(CLI::PositiveNumber);
    calls->add_option("--concurrency", llm.concurrency, "Calls at once")
        ->check(CLI::PositiveNumber);
    calls
        ->add_option("--latency-ms", llm.latency_ms,
                     "What the server takes to the first token")
        ->check(CLI::NonNegativeNumber);
    calls->add_option("--tokens", llm.tokens, "Tokens of a reply")
        ->check(CLI::PositiveNumber);
    calls
        ->add_option("--token-ms", llm.token_ms,
                     "What the server takes to each further token")
        ->check(CLI::NonNegativeNumber);
    calls->add_flag("--stream", llm.stream, "Read each reply as it comes");
    auto* limit =
        add("limit", "Calls of a server that allows so many within a second",
            [this] { return bench::limit(given_.how, given_.limit); });
    limit->add_option("--calls", given_.limit.calls, "Calls in all")
        ->check(CLI::PositiveNumber);
    limit->add_option("--rate", given_.limit.rate, "Calls within a second")
        ->check(CLI::PositiveNumber);
  }
#endif

#ifdef TROUPE_BENCH_REMOTE
  void add_cases_of_workers() {
    auto& remote = given_.remote;
    auto* steps = add(
        "remote", "Placed steps, beside requests of raw CAF",
        [this, &remote] { return bench::remote_steps(given_.how, remote); });
    steps->add_option("--steps", remote.steps, "Steps in all")
        ->check(CLI::PositiveNumber);
    steps->add_option("--payload", remote.payload, "Bytes of each, both ways");
    steps->add_option("--window", remote.window, "Steps in flight")
        ->check(CLI::PositiveNumber);
    auto* batch = add(
        "remote-batch", "A batch of placed sub-flows",
        [this, &remote] { return bench::remote_batch(given_.how, remote); });
    batch->add_option("--n", remote.n, "Sub-flows")->check(CLI::PositiveNumber);
    batch->add_option("--concurrency", remote.concurrency, "Sub-flows at once")
        ->check(CLI::PositiveNumber);
    for (auto* each : {steps, batch}) {
      each->add_option("--workers", remote.workers, "Worker processes")
          ->check(CLI::Range(1, 1000));
      each->add_flag("--tls", remote.tls, "With mutual TLS, both sides");
    }
  }

  // Adds the command that the cases above start; not for people.
  void add_worker() {
    auto& served = given_.served;
    auto* worker = app_.add_subcommand("remote-worker")->group("");
    worker->add_option("--capacity", served.capacity);
    worker->add_option("--join", served.join);
    worker->add_option("--certificates", served.certificates);
    worker->callback([this, &served] {
      served.threads = given_.how.threads;
      bench::serve_as_remote_worker(served);
    });
  }
#endif

#ifdef TROUPE_BENCH_STORE
  CLI::App* add_with_store(const std::string& name, const std::string& about,
                           const bench::durable_options& usual,
                           std::function<bench::report()> measure) {
    auto* added = add(name, about, std::move(measure));
    added->preparse_callback(
        [this, usual](std::size_t) { given_.durable = usual; });
    auto& given = given_.durable;
    added
        ->add_option_function<std::string>(
            "--sync",
            [&given](const std::string& word) {
              using troupe::durability;
              for (const auto each :
                   {durability::off, durability::normal, durability::full}) {
                if (to_string(each) == word) given.sync = each;
              }
            },
            "The faults that steps survive")
        ->check(CLI::IsMember({"off", "normal", "full"}));
    added->add_option("--steps", given.steps, "Steps of a run, an even number")
        ->check(CLI::Range(std::int64_t{2}, std::int64_t{1'000'000'000}));
    added->add_option("--runs", given.runs, "Runs")->check(CLI::PositiveNumber);
    added->add_option("--bytes", given.bytes, "Bytes that each step writes");
    added->add_option("--folder", given.folder, "Where stores are made")
        ->check(CLI::ExistingDirectory);
    return added;
  }

  void add_cases_of_stores() {
    auto* durable = add_with_store(
        "durable", "Steps that are kept, beside bare SQLite", {},
        [this] { return bench::durable(given_.how, given_.durable); });
    durable->add_flag("--side-by-side", given_.durable.side_by_side,
                      "Measure LangGraph.js as well, if it is there");
    durable
        ->add_option("--peers", given_.durable.peers,
                     "The folder in which its npm packages are installed")
        ->check(CLI::ExistingDirectory);
    add_with_store("store-growth", "Bytes that a store takes", {},
                   [this] { return bench::store_growth(given_.durable); });
    add_with_store(
        "resume", "Runs that go on in a new process", {.steps = 10, .runs = 1},
        [this] { return bench::resume_runs(given_.how, given_.durable); });
    add_with_store("fork", "The fork of a run in the middle", {}, [this] {
      return bench::fork_runs(given_.how, given_.durable);
    });
    add_with_store("purge", "The deletion of runs", {.runs = 100'000},
                   [this] { return bench::purge(given_.durable); });
  }
#endif

  arguments given_;
  CLI::App app_{"Measures what Troupe costs, beside raw CAF.", "troupe_bench"};
  std::function<bench::report()> chosen_;
};

}  // namespace

int main(int count, char** words) {
  try {
    return command_line{}.run(count, words);
  } catch (const std::exception& thrown) {
    std::cerr << "troupe_bench: " << thrown.what() << '\n';
    return 1;
  }
}
