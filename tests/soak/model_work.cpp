#include "model_work.hpp"

#include <troupe/batch.hpp>
#include <troupe/llm/client.hpp>
#include <troupe/system.hpp>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace soak {

using namespace std::chrono_literals;

namespace {

struct asks {
  troupe::llm::client model;

  troupe::task<std::string> exec(troupe::context& ctx) const {
    troupe::llm::chat_request ask{"Say something short."};
    const auto reply = co_await model.chat(ctx, std::move(ask));
    co_return reply.text();
  }
  void post(troupe::state& shared, std::string text) const {
    shared.append("said", text);
  }
};

troupe::flow asking(const troupe::llm::client& model,
                    troupe::node_options options) {
  troupe::flow_builder builder{"ask"};
  builder.add("model", asks{model}, std::move(options));
  const auto numbers = [](const troupe::state&) {
    return std::vector<troupe::json>(20, troupe::json{{"i", 1}});
  };
  return troupe::batch("questions", builder.build(), numbers,
                       {.concurrency = 10, .on_failure = troupe::collect});
}

}  // namespace

void add_model_work(workload& to) {
  if (std::getenv("OPENAI_BASE_URL") == nullptr) return;
  auto& on = to.system();
  troupe::llm::client_options how;
  how.model = "scripted";
  const troupe::llm::client whole{on, how};
  how.stream = true;
  const troupe::llm::client streamed{on, how};
  to.also([&on, whole, streamed] {
    // The second is given up before it is over, mostly.
    for (const auto& each :
         {on.start(asking(whole, {})), on.start(asking(streamed, {})),
          on.start(asking(whole, {.timeout = 1ms}))}) {
      const auto ended = each.get();
      if (!ended.ok()) throw std::runtime_error{ended.failure->describe()};
    }
  });
}

}  // namespace soak
