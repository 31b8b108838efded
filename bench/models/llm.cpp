#include "cases.hpp"
#include "models/model_calls.hpp"
#include "models/model_server_process.hpp"
#include "numbered_items.hpp"

#include <troupe/batch.hpp>
#include <troupe/llm/client.hpp>
#include <troupe/sleep.hpp>
#include <troupe/system.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace troupe::bench {

namespace {

/// The state that the nodes of one turn share.
struct our_calls {
  explicit our_calls(const model_calls& all)
      : which(all),
        first_token_ns(all.count),
        look_every(std::max<std::size_t>(all.count / looks, 1)) {}

  /// The first token of a call, or its whole reply, is there.
  void came(std::size_t n, double began_ns, const std::string& text) {
    first_token_ns[n] = now_ns() - began_ns - held_ns(text);
  }

  /// Counts threads now and then: to look costs more than a call.
  void look(std::size_t n) {
    if (n % look_every != 0) return;
    const auto now = threads_now();
    auto most = threads_max.load();
    while (most < now && !threads_max.compare_exchange_weak(most, now)) {
    }
  }

  static constexpr std::size_t looks = 32;

  const model_calls which;
  std::vector<double> first_token_ns;
  const std::size_t look_every;
  std::atomic<std::size_t> threads_max{0};
};

struct call_node {
  std::size_t prep(const state&, const context& ctx) const {
    return ctx.params().at("i").get<std::size_t>();
  }

  task<void> exec(std::size_t n, context& ctx) const {
    const auto wait = shared->which.start_of(n);
    if (wait > wait.zero()) co_await sleep_for(wait);
    const double began = now_ns();
    llm::chat_request ask{model_prompt()};
    if (shared->which.is_streamed) {
      auto reply = co_await model.open(std::move(ask));
      const auto first = co_await reply.next();
      shared->came(n, began, first.value_or(""));
      while (co_await reply.next()) {
      }
    } else {
      const auto reply = co_await model.chat(ctx, std::move(ask));
      shared->came(n, began, reply.text());
    }
    shared->look(n);
  }

  std::shared_ptr<our_calls> shared;
  llm::client model;
};

llm::client client_for(const model_calls& which, system& on) {
  llm::client_options how;
  how.model = "none";
  how.base_url = which.base_url;
  how.api_key = "none";
  return llm::client{on, std::move(how)};
}

struct our_figures {
  model_call_figures calls;
  double bytes_per_call = 0;
  std::size_t threads = 0;
};

our_figures make_our_calls(const measuring& how, const model_calls& which) {
  auto shared = std::make_shared<our_calls>(which);
  const std::size_t threads_before = threads_now();
  forget_peak();
  const auto rss = static_cast<double>(rss_bytes());
  const double cpu = cpu_s();
  const double before = now_ns();
  system on{{.threads = how.threads}};
  flow_builder one{"one"};
  one.add("ask", call_node{shared, client_for(which, on)});
  const auto count = which.count;
  const flow all =
      batch("all", one.build(),
            [count](const state&) { return numbered_items{count}; },
            {.concurrency = which.concurrency});
  const outcome result = on.start(all).get();
  our_figures found;
  found.calls.wall_s = (now_ns() - before) * 1e-9;
  found.calls.cpu_s = cpu_s() - cpu;
  if (!result.ok()) throw *result.failure;
  found.bytes_per_call = (static_cast<double>(peak_rss_bytes()) - rss) /
                         static_cast<double>(which.concurrency);
  found.threads = shared->threads_max - threads_before;
  found.calls.first_token_ns = std::move(shared->first_token_ns);
  return found;
}

double percentile(std::vector<double> of, double share) {
  const auto at = of.begin() + static_cast<std::ptrdiff_t>(
                                   static_cast<double>(of.size() - 1) * share);
  std::nth_element(of.begin(), at, of.end());
  return *at;
}

/// A percentile of the time to the first token, of both sides.
class percentile_of_both {
 public:
  explicit percentile_of_both(double share) : share_(share) {}

  void add(const model_call_figures& ours, const model_call_figures& bare) {
    const double of_ours = percentile(ours.first_token_ns, share_) * 1e-3;
    const double of_bare = percentile(bare.first_token_ns, share_) * 1e-3;
    ours_.add(of_ours);
    bare_.add(of_bare);
    added_.add(of_ours - of_bare);
  }
  void tell(report& to, const std::string& name) const {
    to.set("first_token_us_" + name, added_);
    to.set("our_first_token_us_" + name, ours_);
    to.set("bare_first_token_us_" + name, bare_);
  }

 private:
  double share_;
  samples ours_;
  samples bare_;
  samples added_;
};

}  // namespace

report llm(const measuring& how, const llm_options& given) {
  raise_limit_of_files();
  const model_server_process server{
      {"--latency-ms", std::to_string(given.latency_ms), "--tokens",
       std::to_string(given.tokens), "--token-ms",
       std::to_string(given.token_ms)}};
  model_calls which;
  which.base_url = server.base_url();
  which.count = given.calls;
  which.concurrency = std::min(given.concurrency, given.calls);
  which.latency = std::chrono::milliseconds{given.latency_ms};
  which.is_streamed = given.stream;
  const auto count = static_cast<double>(given.calls);
  samples rates, cpus, bare_rates, bare_cpus, ratios, in_flight, bytes, threads;
  percentile_of_both p50{0.50};
  percentile_of_both p99{0.99};
  for (std::size_t i = 0; i < how.repetitions; ++i) {
    const auto ours = make_our_calls(how, which);
    in_flight.add(static_cast<double>(server.take_counts().in_flight_max));
    const auto bare = make_bare_calls(which);
    static_cast<void>(server.take_counts());
    rates.add(count / ours.calls.wall_s);
    cpus.add(ours.calls.cpu_s / count * 1e6);
    bare_rates.add(count / bare.wall_s);
    bare_cpus.add(bare.cpu_s / count * 1e6);
    ratios.add(ours.calls.cpu_s / bare.cpu_s);
    bytes.add(ours.bytes_per_call);
    threads.add(static_cast<double>(ours.threads));
    p50.add(ours.calls, bare);
    p99.add(ours.calls, bare);
  }
  report found{"llm"};
  found.set("calls", given.calls);
  found.set("concurrency", which.concurrency);
  found.set("latency_ms", given.latency_ms);
  found.set("stream", given.stream);
  found.set("repetitions", how.repetitions);
  found.set("calls_per_s", rates);
  found.set("cpu_us_per_call", cpus);
  found.set("bare_calls_per_s", bare_rates);
  found.set("bare_cpu_us_per_call", bare_cpus);
  found.set("ratio", ratios);
  p50.tell(found, "p50");
  p99.tell(found, "p99");
  found.set("in_flight_max", in_flight);
  found.set("bytes_per_call", bytes);
  found.set("threads", threads);
  return found;
}

}  // namespace troupe::bench
