#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <iterator>

#include "passes/module_stamp.h"
#include "passes/pass.h"
#include "passes/registry.h"

// A pass module: a shared library with passes that a running rcc loads, for `--load-pass=FILE.so`.
// One of its files ends with
//
//   RCC_PASS_MODULE({.name = "my_pass", .family = "mine", .doc = kDoc, .make = &my_pass});
//
// outside of any namespace. rcc reads the stamp from the file and refuses a module of another
// version before any of its code runs.

// What values of the standard library and of fmt look like in memory; objects of these types cross
// between rcc and the module.
#if defined(_LIBCPP_VERSION)
#define RCC_STAMP_LIBRARY "libc++"
#elif defined(_GLIBCXX_DEBUG)
#define RCC_STAMP_LIBRARY "libstdc++ in debug mode"
#elif _GLIBCXX_USE_CXX11_ABI
#define RCC_STAMP_LIBRARY "libstdc++"
#else
#define RCC_STAMP_LIBRARY "libstdc++ with the strings of GCC 4"
#endif
#if defined(__SANITIZE_ADDRESS__)
#define RCC_STAMP_SANITIZER ", AddressSanitizer"
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RCC_STAMP_SANITIZER ", AddressSanitizer"
#endif
#endif
#if !defined(RCC_STAMP_SANITIZER)
#define RCC_STAMP_SANITIZER ""
#endif
#define RCC_STAMP_TEXT_OF(value) #value
#define RCC_STAMP_TEXT(value) RCC_STAMP_TEXT_OF(value)

namespace rcc {

// A line that says what follows, then one for each thing that must be equal: the version of rcc, a
// digest of its public headers, what the compiler makes of them. Found in the file by its first
// line.
inline constexpr char kModuleStamp[] =
    "rcc pass module, format 1\n"
    "rcc " RCC_STAMP_VERSION
    "\n"
    "headers " RCC_STAMP_HEADERS
    "\n"
    "compiled for " RCC_STAMP_LIBRARY ", fmt " RCC_STAMP_TEXT(FMT_VERSION) RCC_STAMP_SANITIZER "\n";

// What the one function of a module returns. The first field keeps its place in every version.
struct PassModule {
  const char* stamp;
  const PassEntry* passes;
  std::size_t count;
};

inline constexpr const char* kPassModuleSymbol = "rcc_pass_module";
using PassModuleFunction = const PassModule* (*)();

}  // namespace rcc

#define RCC_PASS_MODULE(...)                                                               \
  extern "C" [[gnu::visibility("default")]] const rcc::PassModule* rcc_pass_module() {     \
    static constexpr rcc::PassEntry passes[] = {__VA_ARGS__};                              \
    static constexpr rcc::PassModule module{rcc::kModuleStamp, passes, std::size(passes)}; \
    return &module;                                                                        \
  }                                                                                        \
  static_assert(true, "a semicolon follows")
