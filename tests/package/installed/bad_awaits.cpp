#include "bad_awaits.hpp"
