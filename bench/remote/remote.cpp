#include "cases.hpp"
#include "raw/keep_freed_memory.hpp"
#include "raw/raw_remote.hpp"
#include "remote/remote_flows.hpp"
#include "remote/remote_worker_processes.hpp"
#include "remote/throwaway_certificates.hpp"
#include "remote/wire_bytes.hpp"

#include <troupe/remote/listener.hpp>
#include <troupe/system.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe::bench {

namespace {

constexpr std::chrono::seconds patience{30};

/// A supervisor with its workers, which have all joined.
class cluster {
 public:
  cluster(const measuring& how, std::size_t workers, std::size_t capacity,
          const std::string& certificates)
      : system_({.threads = how.threads,
                 .prepare = remote::network(bench_network(certificates))}),
        listener_(system_),
        processes_(workers, {.threads = how.threads,
                             .capacity = capacity,
                             .join = listener_.at().port,
                             .certificates = certificates}) {
    if (!listener_.wait_for_workers(workers, patience)) {
      throw std::runtime_error{"the workers do not join"};
    }
  }

  [[nodiscard]] system& supervisor() noexcept { return system_; }
  [[nodiscard]] std::uint64_t bytes() const {
    return wire_bytes(listener_.at().port);
  }

 private:
  system system_;
  remote::listener listener_;
  remote_worker_processes processes_;
};

request_times make_steps(system& on, const raw_requests& which) {
  const auto runs = std::min(which.window, which.count);
  const auto steps =
      std::make_shared<echo_steps>(which.count, runs, which.payload);
  const flow loop = echo_flow(steps);
  std::vector<run> started;
  request_times times;
  const double before = now_ns();
  for (std::size_t i = 0; i < runs; ++i) {
    run_options options;
    options.params = value::object({{"run", i}});
    options.steps_max = which.count + 1;
    started.push_back(on.start(loop, {}, std::move(options)));
  }
  for (const auto& each : started) {
    const auto ended = each.get();
    if (!ended.ok()) throw *ended.failure;
  }
  times.wall_s = (now_ns() - before) * 1e-9;
  if (steps->wrong != 0 || steps->ended != which.count) {
    throw std::runtime_error{"a placed step gave something else"};
  }
  times.took_ns = std::move(steps->took_ns);
  return times;
}

double percentile_us(std::vector<double> of, double share) {
  const auto at = of.begin() + static_cast<std::ptrdiff_t>(
                                   static_cast<double>(of.size() - 1) * share);
  std::nth_element(of.begin(), at, of.end());
  return *at * 1e-3;
}

struct side {
  void add(const request_times& times) {
    const auto count = static_cast<double>(times.took_ns.size());
    rates.add(count / times.wall_s);
    p50.add(percentile_us(times.took_ns, 0.50));
    p99.add(percentile_us(times.took_ns, 0.99));
  }
  void tell(report& to, const std::string& prefix) const {
    to.set(prefix + "steps_per_s", rates);
    to.set(prefix + "p50_us", p50);
    to.set(prefix + "p99_us", p99);
  }

  samples rates;
  samples p50;
  samples p99;
};

using certificates_ptr = std::unique_ptr<const throwaway_certificates>;

certificates_ptr certificates_if(bool is_wanted) {
  if (!is_wanted) return nullptr;
  return std::make_unique<const throwaway_certificates>();
}

std::string folder_of(const certificates_ptr& from) {
  return from ? from->folder().string() : std::string{};
}

}  // namespace

report remote_steps(const measuring& how, const remote_options& given) {
  keep_freed_memory();
  const auto certificates = certificates_if(given.tls);
  const auto folder = folder_of(certificates);
  const raw_requests which{given.steps, given.window,
                           std::string(given.payload, 'x')};
  // Connections and memory are there by then.
  raw_requests few = which;
  few.count = std::max(given.steps / 10, std::size_t{1});
  side ours;
  side raw;
  samples ratios;
  for (std::size_t i = 0; i < how.repetitions; ++i) {
    request_times of_ours;
    {
      cluster on{how, given.workers, given.window, folder};
      static_cast<void>(make_steps(on.supervisor(), few));
      of_ours = make_steps(on.supervisor(), which);
    }
    const remote_worker_processes echoes{
        given.workers, {.threads = how.threads, .certificates = folder}};
    raw_client client{how.threads, bench_network(folder), echoes.ports()};
    static_cast<void>(client.make(few));
    const auto of_raw = client.make(which);
    ours.add(of_ours);
    raw.add(of_raw);
    ratios.add(of_ours.wall_s / of_raw.wall_s);
  }
  report found{"remote"};
  found.set("workers", given.workers);
  found.set("payload", given.payload);
  found.set("window", given.window);
  found.set("steps", given.steps);
  found.set("tls", given.tls);
  found.set("threads", how.threads);
  found.set("repetitions", how.repetitions);
  ours.tell(found, "");
  raw.tell(found, "raw_");
  found.set("ratio", ratios);
  return found;
}

report remote_batch(const measuring& how, const remote_options& given) {
  keep_freed_memory();
  const auto certificates = certificates_if(given.tls);
  const auto count = static_cast<double>(given.n);
  const auto rate_of = [&](system& on, sub_flows_at where) {
    const flow all = numbers_flow(given.n, given.concurrency, where);
    const double before = now_ns();
    const outcome result = on.start(all).get();
    const double after = now_ns();
    if (!result.ok()) throw *result.failure;
    return count / (after - before) * 1e9;
  };
  samples rates;
  samples bytes;
  samples at_home;
  for (std::size_t i = 0; i < how.repetitions; ++i) {
    const auto capacity =
        std::max(given.concurrency / given.workers, std::size_t{1});
    {
      cluster on{how, given.workers, capacity, folder_of(certificates)};
      const auto before = on.bytes();
      rates.add(rate_of(on.supervisor(), sub_flows_at::workers));
      bytes.add(static_cast<double>(on.bytes() - before) / count);
    }
    system alone{{.threads = how.threads}};
    at_home.add(rate_of(alone, sub_flows_at::home));
  }
  report found{"remote-batch"};
  found.set("n", given.n);
  found.set("workers", given.workers);
  found.set("concurrency", given.concurrency);
  found.set("tls", given.tls);
  found.set("threads", how.threads);
  found.set("repetitions", how.repetitions);
  found.set("sub_flows_per_s", rates);
  found.set("wire_bytes_per_sub_flow", bytes);
  found.set("home_sub_flows_per_s", at_home);
  found.set("ratio", at_home.median() / rates.median());
  return found;
}

}  // namespace troupe::bench
