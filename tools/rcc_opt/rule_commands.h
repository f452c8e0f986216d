#pragma once

#include <string>

#include "ir/support/result.h"
#include "tools/rcc_opt/settings.h"

namespace rcc {

// Why the rules of a pass do not apply at a node of the input: for each rule whose root is that
// operator how far it matched and what it met. `question` is "PASS@NODE", the node by its layer or
// by the name of a result.
Result<std::string> explain_rules(const Settings& settings, const std::string& question);

}  // namespace rcc
