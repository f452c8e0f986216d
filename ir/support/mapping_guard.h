#pragma once

#include <cstddef>
#include <string_view>

namespace rcc {

// While a mapping is registered, a SIGBUS at one of its addresses (the file was cut short by
// somebody else) ends the program with a diagnostic that names the file and exit code 3. Any other
// SIGBUS goes to the handler that was there before.
void register_mapping(const void* begin, std::size_t size, std::string_view name);
void unregister_mapping(const void* begin);

}  // namespace rcc
