#include <troupe/state.hpp>

#include <string_view>

troupe::state made();

std::string_view name() { return made().get<std::string_view>("name"); }
