#pragma once

#include "ir/attribute.h"
#include "ir/support/hash.h"

namespace rcc {

// Adds type and contents; equal attributes add the same.
void hash_attribute(Hasher& hasher, const AttributeValue& value);

}  // namespace rcc
