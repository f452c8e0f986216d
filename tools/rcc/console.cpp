#include "tools/rcc/console.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace rcc {

namespace {

void write(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
}

}  // namespace

Console::Console() : Console(Options{}) {}

Console::Console(Options options) : options_(options), is_terminal_(::isatty(STDERR_FILENO) == 1) {}

Console::~Console() { clear_progress(); }

void Console::report(Diagnostic diagnostic) {
  const bool is_optional =
      diagnostic.severity == Severity::remark || diagnostic.severity == Severity::note;
  if (is_optional && !options_.shows_remarks) return;
  clear_progress();
  write(stderr, render(diagnostic));
}

int Console::fail(const Error& error) {
  constexpr std::size_t kMost = 20;
  clear_progress();
  const std::size_t shown = std::min(error.diagnostics.size(), kMost);
  for (std::size_t i = 0; i < shown; ++i) write(stderr, render(error.diagnostics[i]));
  if (error.diagnostics.size() > shown)
    write(stderr, fmt::format("+{} more\n", error.diagnostics.size() - shown));
  return static_cast<int>(error.kind);
}

void Console::line(std::string_view text) {
  if (options_.is_quiet) return;
  clear_progress();
  write(stderr, escape_for_display(text) + '\n');
}

void Console::progress(const Progress& progress) {
  if (options_.is_quiet || !is_terminal_ || progress.total == 0) return;
  constexpr std::size_t kWidth = 20;
  const double share = std::min(
      1.0, static_cast<double>(progress.done) / static_cast<double>(progress.total));
  const auto full = static_cast<std::size_t>(share * static_cast<double>(kWidth));
  std::string text = fmt::format("\r\x1b[K    {}  |{}{}| {:3.0f} %", progress.stage,
                                 std::string(full, '#'), std::string(kWidth - full, '-'),
                                 100 * share);
  if (progress.loss > 0) text += fmt::format("  loss {:.3f}", progress.loss);
  if (progress.images_per_second > 0)
    text += fmt::format("  {:.0f} images/s", progress.images_per_second);
  if (progress.seconds_left > 0) text += fmt::format("  {:.0f} s left", progress.seconds_left);
  write(stderr, text);
  has_progress_ = true;
}

void Console::dump(std::string_view text) {
  clear_progress();
  write(stderr, text);
}

void Console::print(std::string_view text) {
  clear_progress();
  write(stdout, text);
  write(stdout, "\n");
}

void Console::clear_progress() {
  if (has_progress_) write(stderr, "\r\x1b[K");
  has_progress_ = false;
}

}  // namespace rcc
