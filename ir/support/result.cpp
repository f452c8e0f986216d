#include "ir/support/result.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>

namespace rcc {

namespace {

std::atomic<InternalErrorHook> g_hook{nullptr};
std::atomic<void*> g_hook_context{nullptr};

}  // namespace

Error&& Error::with_place(std::string place) && {
  for (Diagnostic& diagnostic : diagnostics)
    if (diagnostic.place.empty() && !diagnostic.span.is_set()) diagnostic.place = place;
  return std::move(*this);
}

Error&& Error::with_note(std::string note) && {
  diagnostics.back().notes.push_back(std::move(note));
  return std::move(*this);
}

Error&& Error::with_help(std::string help) && {
  if (diagnostics.back().help.empty()) diagnostics.back().help = std::move(help);
  return std::move(*this);
}

tl::unexpected<Error> fail(ErrorKind kind, std::string message, std::string help) {
  Diagnostic diagnostic;
  diagnostic.message = std::move(message);
  diagnostic.help = std::move(help);
  return fail(kind, std::move(diagnostic));
}

tl::unexpected<Error> fail(ErrorKind kind, Diagnostic diagnostic) {
  diagnostic.severity = Severity::error;
  Error error;
  error.kind = kind;
  error.diagnostics.push_back(std::move(diagnostic));
  return fail(std::move(error));
}

void set_internal_error_hook(InternalErrorHook hook, void* context) {
  g_hook_context = context;
  g_hook = hook;
}

void internal_error(const char* file, int line, const std::string& message) {
  constexpr int kInternalErrorExit = 101;
  std::fprintf(stderr,
               "internal error: %s\n  --> %s:%d\n"
               "note: this is a defect of rcc, not of your input\n",
               escape_for_display(message).c_str(), file, line);
  // Taken out first: a defect inside the hook ends the program instead of calling it again.
  const InternalErrorHook hook = g_hook.exchange(nullptr);
  if (hook != nullptr) hook(g_hook_context, message);
  std::fflush(nullptr);
  _exit(kInternalErrorExit);
}

}  // namespace rcc
