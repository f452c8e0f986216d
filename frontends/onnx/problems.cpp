#include "frontends/onnx/problems.h"

namespace rcc {

std::string Problems::full_place(std::string_view place) const {
  return place.empty() ? file_ : fmt::format("{}: {}", file_, place);
}

void Problems::error(std::string_view place, Error error) {
  if (count_ == 0) error_.kind = error.kind;
  for (Diagnostic& diagnostic : error.diagnostics) {
    if (++count_ > kMost) continue;
    if (!diagnostic.span.is_set()) diagnostic.place = full_place(place);
    error_.diagnostics.push_back(std::move(diagnostic));
  }
}

void Problems::error(std::string_view place, std::string message, std::string help) {
  error(place, std::move(fail(ErrorKind::input, std::move(message), std::move(help)).value()));
}

void Problems::say(Severity severity, std::string_view place, std::string message,
                   std::string help) {
  if (sink_ == nullptr) return;
  sink_->report({.severity = severity,
                 .message = std::move(message),
                 .span = {},
                 .place = full_place(place),
                 .notes = {},
                 .help = std::move(help)});
}

void Problems::warn(std::string_view place, std::string message, std::string help) {
  say(Severity::warning, place, std::move(message), std::move(help));
}

void Problems::remark(std::string_view place, std::string message, std::string help) {
  say(Severity::remark, place, std::move(message), std::move(help));
}

Result<void> Problems::result() && {
  if (count_ == 0) return {};
  if (count_ > kMost)
    error_.diagnostics.back().notes.push_back(
        fmt::format("{} more errors are not shown", count_ - kMost));
  return fail(std::move(error_));
}

}  // namespace rcc
