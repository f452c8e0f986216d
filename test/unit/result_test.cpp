#include "ir/support/result.h"

#include <gtest/gtest.h>

namespace rcc {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorKind::usage, "odd", "use an even number");
  return number / 2;
}

Result<int> quarter(int number) {
  const int once = RCC_TRY(half(number));
  return RCC_TRY(half(once));
}

TEST(Result, TryPassesValuesAndErrors) {
  EXPECT_EQ(*quarter(12), 3);
  const Result<int> failed = quarter(6);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::usage);
  EXPECT_EQ(failed.error().message(), "odd");
  EXPECT_EQ(failed.error().diagnostics.front().help, "use an even number");
}

TEST(Result, FailMakesTheDiagnosticAnError) {
  Diagnostic diagnostic;
  diagnostic.severity = Severity::note;
  const Result<int> failed = fail(ErrorKind::input, diagnostic);
  EXPECT_EQ(failed.error().diagnostics.front().severity, Severity::error);
}

TEST(Error, KeepsTheInnermostPlaceAndHelp) {
  Error error;
  error.diagnostics.resize(2);
  error.diagnostics[0].place = "inner";
  Error placed =
      std::move(error).with_place("outer").with_note("n").with_help("h").with_help("later");
  EXPECT_EQ(placed.diagnostics[0].place, "inner");
  EXPECT_EQ(placed.diagnostics[1].place, "outer");
  EXPECT_EQ(placed.diagnostics[1].notes, std::vector<std::string>{"n"});
  EXPECT_EQ(placed.diagnostics[1].help, "h");
  EXPECT_EQ(placed.diagnostics[0].help, "");
}

TEST(CheckDeathTest, PrintsThePlaceRunsTheHookAndExitsWith101) {
  const auto hook = [](void* context, const std::string& message) {
    std::fprintf(stderr, "hook %s <%s>\n", static_cast<const char*>(context), message.c_str());
    RCC_CHECK(false, "inside the hook");
  };
  static char context[] = "context";
  const auto broken = [&] {
    set_internal_error_hook(hook, context);
    const int size = 3;
    RCC_CHECK(size == 4, "size {}", size);
  };
  EXPECT_EXIT(broken(), testing::ExitedWithCode(101),
              "internal error: size == 4: size 3\n.*result_test.cpp:[0-9]+\n(.*\n)*"
              "hook context <size == 4: size 3>\n"
              "internal error: false: inside the hook");
}

}  // namespace
}  // namespace rcc
