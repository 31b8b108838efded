// A batch in a batch: for each region, for each shop. The params of the inner
// sub-flows hold those of the outer ones.

#include <troupe/troupe.hpp>

#include <iostream>
#include <string>
#include <vector>

using troupe::json;

// region: node
struct add_sales {
  int prep(const troupe::state& shared, const troupe::context& ctx) const {
    const std::string region = ctx.params().at("region");
    const std::string shop = ctx.params().at("shop");
    return shared.at("sales").at(region).at(shop);
  }
  void post(troupe::state& shared, int sold, const troupe::context& ctx) const {
    const std::string region = ctx.params().at("region");
    shared.add("/total/" + region, sold);
    shared.add("/total/all", sold);
  }
};
// endregion

// region: batches
std::vector<json> params_of(const troupe::value& object, const char* name) {
  std::vector<json> params;
  for (const auto [key, item] : object.members()) {
    params.push_back({{name, std::string{key}}});
  }
  return params;
}

troupe::flow all_regions() {
  troupe::flow_builder one_shop{"one_shop"};
  one_shop.add("add_sales", add_sales{});
  const auto all_shops = troupe::batch(
      "all_shops", one_shop.build(),
      [](const troupe::state& shared, const troupe::context& ctx) {
        const std::string region = ctx.params().at("region");
        return params_of(shared.at("sales").at(region), "shop");
      },
      {.concurrency = troupe::concurrent(4)});
  return troupe::batch("all_regions", all_shops,
                       [](const troupe::state& shared) {
                         return params_of(shared.at("sales"), "region");
                       },
                       {.concurrency = troupe::concurrent(2)});
}
// endregion

int main() {
  const json sales{{"north", {{"harbour", 5}, {"market", 7}}},
                   {"south", {{"airport", 20}, {"beach", 1}, {"mall", 9}}}};
  troupe::system runtime;
  const auto end = runtime.start(all_regions(), {{"sales", sales}}).get();
  std::cout << end.state.at("total") << "\n";
}
