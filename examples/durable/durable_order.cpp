// An order that is paid for and shipped once, although its process is killed
// twice: once after an effect, and once in the middle of another one.

#include "durable/lives.hpp"

#include <troupe/http.hpp>
#include <troupe/once.hpp>
#include <troupe/store.hpp>
#include <troupe/troupe.hpp>

#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

/// The other side: a server that knows its clients' requests by their keys.
struct shop {
  troupe::http_client web;
  std::string url;

  troupe::task<std::string> ask(std::string what, std::string key,
                                std::string body) const {
    troupe::http_request request{"POST", url + what, std::move(body)};
    request.headers = {{"idempotency-key", std::move(key)}};
    const auto reply = co_await web.send(std::move(request));
    if (reply.status != 200) throw std::runtime_error("was refused");
    co_return reply.body;
  }
};

// region: once
struct charge {
  shop server;
  std::filesystem::path folder;

  std::string prep(const troupe::state& shared) const {
    return shared.get<std::string>("card");
  }
  troupe::task<std::string> exec(std::string card, troupe::context& ctx) const {
    const auto pay = [this, key = ctx.key(), card] {
      return server.ask("/charges", key, card);
    };
    auto receipt = co_await ctx.once("charge", pay);
    // The result is on the disk: the next life gets it without asking again.
    lives::die_once(folder / "charge");
    co_return receipt;
  }
  void post(troupe::state& shared, const std::string&,
            const std::string& receipt) const {
    shared["receipt"] = receipt;
  }
};
// endregion

struct ship {
  shop server;
  std::filesystem::path folder;

  std::string prep(const troupe::state& shared) const {
    return shared.get<std::string>("goods");
  }
  troupe::task<std::string> send_off(std::string key, std::string goods) const {
    auto parcel = co_await server.ask("/shipments", key, goods);
    // Nobody wrote down how it ended. The next life asks again, by the same
    // key, and the server does not ship twice.
    lives::die_once(folder / "ship");
    co_return parcel;
  }
  troupe::task<std::string> exec(std::string goods,
                                 troupe::context& ctx) const {
    const auto send = [this, key = ctx.key(), goods] {
      return send_off(key, goods);
    };
    auto parcel = co_await ctx.once("ship", send);
    co_return parcel;
  }
  void post(troupe::state& shared, const std::string&,
            const std::string& parcel) const {
    shared["parcel"] = parcel;
  }
};

struct count {
  shop server;

  troupe::task<std::string> exec() const {
    const auto reply =
        co_await server.web.send(troupe::http_request{server.url + "/counts"});
    co_return reply.body;
  }
  void post(const troupe::state&, const std::string& counts) const {
    std::cout << counts;
  }
};

void deliver(const std::filesystem::path& folder, const std::string& url) {
  // region: start
  troupe::system_options options;
  options.store = troupe::sqlite(folder / "orders.db");
  troupe::system runtime{options};

  const shop server{troupe::http_client{runtime}, url};
  troupe::flow_builder builder{"order"};
  builder.add("charge", charge{server, folder}) >>
      builder.add("ship", ship{server, folder}) >>
      builder.add("count", count{server});

  troupe::run_options named;
  named.id = "order-17";
  // Begins the order, goes on with it, or gives its outcome.
  const auto run = runtime.start(builder.build(),
                                 {{"card", "4000"}, {"goods", "tea"}}, named);
  const auto end = run.get();
  // endregion
  if (!end.ok()) throw std::runtime_error(end.failure->describe());
  std::cout << "receipt " << end.state.get<std::string>("receipt")
            << ", parcel " << end.state.get<std::string>("parcel") << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: durable_order URL\n";
    return 2;
  }
  const lives::folder place{"durable_order"};
  for (int life = 1; life <= 3; ++life) {
    const auto end =
        lives::in_a_process([&] { deliver(place.path(), argv[1]); });
    std::cout << "life " << life << ": " << end << "\n";
  }
}
