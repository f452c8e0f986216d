#pragma once

#include <nlohmann/json.hpp>

#include "passes/pass.h"

namespace rcc {

using Json = nlohmann::ordered_json;

// Text that never fails: invalid UTF-8 of user data is replaced.
std::string dump(const Json& json, int indent = -1);

Json to_json(const Fact& fact);
Json to_json(const PassReport& report);
Json to_json(const Diagnostic& diagnostic);
// The inverses throw Json::exception on anything else.
PassReport report_from_json(const Json& json);
Diagnostic diagnostic_from_json(const Json& json);

}  // namespace rcc
