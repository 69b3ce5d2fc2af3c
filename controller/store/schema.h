#pragma once

#include "controller/store/sqlite_database.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

constexpr std::int64_t kSchemaVersion = 2;

// Brings the database to kSchemaVersion, each step in one transaction with its version number, so
// that a crash leaves one version or the next. Errors: kInvalid for a file that a newer Portolan
// wrote or that is not Portolan's; those of SqliteDatabase.
Status Migrate(SqliteDatabase& database);

}  // namespace portolan::controller
