#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rcc {

// RFC 4648 with padding.
std::string to_base64(std::string_view bytes);
// nullopt when the text is not what to_base64 writes.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace rcc
