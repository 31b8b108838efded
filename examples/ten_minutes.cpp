// The program of the tutorial docs/ten-minutes.md: a flow that asks a model on
// a worker, and its test.

#include <troupe/llm.hpp>
#include <troupe/remote.hpp>
#include <troupe/troupe.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <utility>

using namespace std::chrono_literals;

namespace {

// region: node
// Asks a model for a summary: a troupe::llm::client, or what a test has
// instead.
template <class Model>
struct summarize {
  Model model;

  std::string prep(const troupe::state& shared) const {
    return shared.get<std::string>("text");
  }
  troupe::task<std::string> exec(std::string text, troupe::context& ctx) const {
    auto asking = model.chat(ctx, "Summarize in one sentence: " + text);
    const auto reply = co_await asking;
    co_return reply.text();
  }
  void post(troupe::state& shared, const std::string& /*text*/,
            const std::string& summary) const {
    shared["summary"] = summary;
  }
};
// endregion

// region: flow
template <class Model>
troupe::flow digest(Model model) {
  troupe::node_options careful;
  careful.retry = {.attempts = 3, .wait = 2s, .backoff = 2};
  careful.timeout = 1min;
  careful.on = "reader";

  troupe::flow_builder flow{"digest"};
  const auto summarized =
      flow.add("summarize", summarize<Model>{std::move(model)}, careful);
  const auto signed_off = flow.add("sign", [](troupe::state& shared) {
    shared["summary"] = shared.get<std::string>("summary") + " (digest)";
  });
  summarized >> signed_off;
  return flow.build();
}
// endregion

// region: test
struct scripted_model {
  troupe::testing::script answers;

  troupe::task<troupe::llm::chat_reply> chat(troupe::context& ctx,
                                             std::string /*prompt*/) const {
    const troupe::value said = co_await answers.next(ctx);
    troupe::llm::chat_reply reply;
    reply.message.text = said.get<std::string>();
    co_return reply;
  }
};

bool is_patient() {
  troupe::testing::script answers;
  answers.fails("busy", 2).gives("Short.");
  troupe::testing::simulation sim;
  const auto began = sim.now();
  const auto run =
      sim.start(digest(scripted_model{answers}), {{"text", "Long."}});
  const auto end = sim.finish(run);
  return end.ok() &&
         end.state.get<std::string>("summary") == "Short. (digest)" &&
         answers.calls().size() == 3 && sim.now() - began == 6s;
}
// endregion

}  // namespace

int main() {
  std::cout << (is_patient() ? "the test is passed" : "the test fails") << "\n";

  // region: supervisor
  troupe::system runtime{{.prepare = troupe::remote::network()}};
  const troupe::remote::listener workers{runtime};
  troupe::llm::client_options how;
  how.model = "gpt-4o-mini";
  // endregion

  // region: worker
  troupe::system elsewhere{{.prepare = troupe::remote::network()}};
  troupe::remote::worker_options offered;
  offered.flows = {digest(troupe::llm::client{elsewhere, how})};
  offered.join = troupe::remote::endpoint{"127.0.0.1", workers.at().port};
  const troupe::remote::worker worker{elsewhere, offered};
  // endregion

  // region: run
  const auto run =
      runtime.start(digest(troupe::llm::client{runtime, how}),
                    {{"text", "A lighthouse is a tower with a bright light."}});
  const auto end = run.get();
  if (!end.ok()) {
    std::cout << troupe::printable(end.failure->describe()) << "\n";
    return 1;
  }
  std::cout << end.state.get<std::string>("summary") << "\n";
  // endregion
}
