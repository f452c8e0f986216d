#pragma once

#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <type_traits>
#include <utility>
#include <vector>

#include "ir/support/diagnostic.h"

namespace rcc {

// What went wrong: at least one diagnostic of severity error. Several when one run found several.
struct [[nodiscard]] Error {
  ErrorKind kind = ErrorKind::input;
  std::vector<Diagnostic> diagnostics;

  // The first message, for tests and for wrapping.
  const std::string& message() const { return diagnostics.front().message; }
  // To the diagnostics that say nowhere where they are.
  Error&& with_place(std::string place) &&;
  // To the last diagnostic; a help that is there stays.
  Error&& with_note(std::string note) &&;
  Error&& with_help(std::string help) &&;
};

// std::expected's interface until the compilers have it.
template <typename T>
using Result = tl::expected<T, Error>;

tl::unexpected<Error> fail(ErrorKind kind, std::string message, std::string help = {});
tl::unexpected<Error> fail(ErrorKind kind, Diagnostic diagnostic);
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

// Prints the message, file and line, runs the hooks of set_internal_error_hook, exits with 101.
[[noreturn]] void internal_error(const char* file, int line, const std::string& message);

// Called once by internal_error before the program ends, to leave a reproducer. Null: none.
// Tools set it; tests may. Not thread safe.
using InternalErrorHook = void (*)(void* context, const std::string& message);
void set_internal_error_hook(InternalErrorHook hook, void* context);

template <typename T>
T take_value(Result<T>&& result) {
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace rcc

// Value of a Result, or return its error from the enclosing function.
#define RCC_TRY(...)                                                          \
  __extension__({                                                             \
    auto rcc_result = (__VA_ARGS__);                                          \
    if (!rcc_result) return ::rcc::fail(std::move(rcc_result).error());       \
    ::rcc::take_value(std::move(rcc_result));                                 \
  })

// A condition that only a defect of rcc can break; on in release builds too. Never for user input.
#define RCC_CHECK(condition, ...)                                                            \
  do {                                                                                       \
    if (!(condition)) [[unlikely]]                                                           \
      ::rcc::internal_error(__FILE__, __LINE__,                                              \
                            std::string(#condition) + ::rcc::check_text(__VA_ARGS__));       \
  } while (false)

namespace rcc {

inline std::string check_text() { return {}; }
template <typename... Args>
std::string check_text(fmt::format_string<Args...> format, Args&&... args) {
  return ": " + fmt::format(format, std::forward<Args>(args)...);
}

}  // namespace rcc
