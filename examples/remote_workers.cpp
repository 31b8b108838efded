// Steps and sub-flows that workers do. Here the supervisor and a worker are two
// systems of one program, which speak over a socket as two machines would; the
// main job, summarize_files, is one that runs on several.

#include <troupe/remote.hpp>
#include <troupe/troupe.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <vector>

namespace {

// region: step
struct embed {
  std::string prep(const troupe::state& shared) const {
    return shared.get<std::string>("text");
  }
  // Runs on a worker: the text goes out, the vector comes back.
  std::vector<double> exec(const std::string& text) const {
    std::vector<double> counts(3);
    for (const char each : text) ++counts[static_cast<unsigned char>(each) % 3];
    return counts;
  }
  void post(troupe::state& shared, const std::string&,
            const std::vector<double>& vector) const {
    shared["vector"] = vector;
  }
};

troupe::flow embedding() {
  troupe::flow_builder flow{"embedding"};
  flow.add("embed", embed{}, {.retry = {.attempts = 3}, .on = "gpu"});
  return flow.build();
}
// endregion

// region: batch
troupe::flow squares() {
  troupe::flow_builder one{"square"};
  one.add("square", [](troupe::state& shared, troupe::context& ctx) {
    const auto n = ctx.params().at("n").get<int>();
    shared.add("sum", n * n);
  });
  const auto numbers = [](const troupe::state& shared) {
    std::vector<troupe::json> items;
    for (int n = 1; n <= shared.get<int>("count"); ++n) {
      items.push_back({{"n", n}});
    }
    return items;
  };
  return troupe::batch("squares", one.build(), numbers,
                       {.concurrency = 32, .on = "cpu"});
}
// endregion

}  // namespace

int main() {
  // region: supervisor
  troupe::system home{{.prepare = troupe::remote::network()}};
  const troupe::remote::listener workers{home};
  // endregion

  const auto port = workers.at().port;
  // region: worker
  troupe::system away{{.prepare = troupe::remote::network()}};
  troupe::remote::worker_options options;
  options.flows = {embedding(), squares()};
  options.labels = {"cpu", "gpu"};
  options.capacity = 64;
  options.join = troupe::remote::endpoint{"127.0.0.1", port};
  troupe::remote::worker worker{away, options};
  // endregion

  const auto embedded = home.start(embedding(), {{"text", "abcab"}}).get();
  std::cout << "vector " << embedded.state.at("vector").to_json() << '\n';
  const auto added = home.start(squares(), {{"count", 100}}).get();
  std::cout << "sum " << added.state.at("sum").to_json() << '\n';

  // region: drain
  worker.drain();
  worker.wait();
  // endregion
  std::cout << "the worker has left\n";
}
