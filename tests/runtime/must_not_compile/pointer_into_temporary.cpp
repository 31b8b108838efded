#include <troupe/state.hpp>

troupe::state made();

const troupe::value* name() { return made().find("name"); }
