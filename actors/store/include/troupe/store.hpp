#pragma once

// All of troupe::store.

#include <troupe/store/address.hpp>
#include <troupe/store/durability.hpp>
#include <troupe/store/flow_shape.hpp>
#include <troupe/store/log_entry.hpp>
#include <troupe/store/migration.hpp>
#include <troupe/store/recovery.hpp>
#include <troupe/store/resume_point.hpp>
#include <troupe/store/retention.hpp>
#include <troupe/store/run_commands.hpp>
#include <troupe/store/run_history.hpp>
#include <troupe/store/run_record.hpp>
#include <troupe/store/run_store.hpp>
#include <troupe/store/sqlite.hpp>
#include <troupe/store/store_file.hpp>
#include <troupe/store/stored_forms.hpp>
