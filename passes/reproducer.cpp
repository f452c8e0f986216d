#include "passes/reproducer.h"

#include <fmt/format.h>

#include <cstdio>
#include <system_error>

#include "ir/support/file.h"
#include "ir/support/hash.h"
#include "ir/text.h"
#include "passes/reproducer_header.h"

namespace rcc {

namespace {

constexpr std::int64_t kMostInlineElements = 65536;

// In single quotes, for a shell.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

void leave(void* context, const std::string& message) {
  const Result<std::string> command =
      write_reproducer(*static_cast<const Reproducer*>(context), message);
  if (command)
    std::fprintf(stderr, "note: to repeat it: %s\n", escape_for_display(*command).c_str());
  else
    std::fprintf(stderr, "note: no reproducer: %s\n",
                 escape_for_display(command.error().message()).c_str());
}

std::int64_t element_count(const Graph& graph) {
  std::int64_t count = 0;
  for (const Value* constant : graph.constants())
    if (!constant->tensor().is_elided()) count += constant->tensor().element_count();
  return count;
}

}  // namespace

Result<std::string> write_reproducer(const Reproducer& reproducer, std::string_view failure) {
  const std::string header = reproducer_header(reproducer, failure);
  const Digest digest = hash_text(reproducer.graph->name() + header);
  const std::filesystem::path file =
      reproducer.folder / fmt::format("rcc-reproducer-{}.rir", digest.hex().substr(0, 16));
  std::error_code error;
  std::filesystem::create_directories(reproducer.folder, error);
  if (error)
    return fail(ErrorKind::environment, fmt::format("cannot create `{}`: {}",
                                                    reproducer.folder.string(), error.message()));
  PrintOptions options;
  if (element_count(*reproducer.graph) <= kMostInlineElements)
    options.max_literal_elements = kMostInlineElements;
  else
    options.weights_file = std::filesystem::path(file).replace_extension(".weights");
  const std::string text = RCC_TRY(print(*reproducer.graph, options));
  RCC_TRY(write_atomic(file, header + text));
  std::string command = "rcc-opt --run-reproducer " + shell_quoted(file.string());
  for (const PassInstance& pass : reproducer.passes)
    if (!pass.module_file.empty())
      command += " --load-pass=" + shell_quoted(std::filesystem::absolute(pass.module_file).string());
  return command;
}

ReproducerGuard::ReproducerGuard(const Reproducer& reproducer)
    : is_active_(!reproducer.folder.empty() && reproducer.graph != nullptr) {
  if (is_active_) set_internal_error_hook(leave, const_cast<Reproducer*>(&reproducer));
}

ReproducerGuard::~ReproducerGuard() {
  if (is_active_) set_internal_error_hook(nullptr, nullptr);
}

}  // namespace rcc
