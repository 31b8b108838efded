// The shared state: paths, typed reads, writes that know what they mean, and
// snapshots.

#include <troupe/troupe.hpp>

#include <iostream>
#include <string>
#include <vector>

// region: struct
struct person {
  std::string name;
  int age = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(person, name, age)
// endregion

int main() {
  // region: read
  const troupe::state shared{{"file", "a.txt"},
                             {"user", {{"name", "Ada"}, {"age", 36}}},
                             {"tags", {"x", "y"}}};
  const auto file = shared.get<std::string>("file");  // a top-level key
  const int age = shared.get<int>("/user/age");       // a JSON pointer
  const auto second = shared.get<std::string>("/tags/1");
  const auto user = shared.get<person>("user");  // a struct
  const int limit = shared.get_or("limit", 10);
  const bool known = shared.contains("/user/mail");
  // endregion
  std::cout << file << " " << age << " " << second << " " << user.name << " "
            << limit << " " << known << "\n";

  // region: write
  troupe::state work = shared;               // a snapshot, at any size
  work["user"]["mail"] = "ada@example.org";  // objects on the way are made
  work.set("/user/age", 37);
  work.set("editor", person{"Grace", 45});
  work.append("tags", "z");
  work.add("/count/words", 120);
  work.max("longest", 80);
  work.min("shortest", 3);
  work.merge("user", troupe::json{{"name", "Ada L."}, {"age", nullptr}});
  work.erase("file");
  // endregion
  std::cout << work.to_json().dump(1) << "\n"
            << "the snapshot still says " << shared.at("/user/name") << "\n";

  // region: errors
  try {
    work.add("/user/name", 1);
  } catch (const troupe::error& why) {
    std::cout << to_string(why.code()) << "\n";
  }
  try {
    static_cast<void>(work.at("/user/phone"));
  } catch (const troupe::error& why) {
    std::cout << to_string(why.code()) << "\n";
  }
  // endregion
}
