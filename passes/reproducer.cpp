#include "passes/reproducer.h"

#include <fmt/format.h>

#include <cstdio>
#include <system_error>

#include "ir/support/file.h"
#include "ir/support/hash.h"
#include "ir/text.h"

namespace rcc {

namespace {

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

std::string_view verify_name(Verify verify) {
  switch (verify) {
    case Verify::off:
      return "off";
    case Verify::structural:
      return "structural";
    case Verify::numeric:
      return "numeric";
  }
  return "structural";
}

void leave(void* context, const std::string&) {
  const Result<std::string> command = write_reproducer(*static_cast<const Reproducer*>(context));
  if (command)
    std::fprintf(stderr, "note: to repeat it: %s\n", escape_for_display(*command).c_str());
  else
    std::fprintf(stderr, "note: no reproducer: %s\n",
                 escape_for_display(command.error().message()).c_str());
}

}  // namespace

std::string Reproducer::command(const std::filesystem::path& file) const {
  std::string text =
      fmt::format("rcc-opt {} --passes={} --verify={} --seed={}", shell_quoted(file.string()),
                  shell_quoted(passes), verify_name(verify), seed);
  if (check_idempotent) text += " --check-idempotent";
  if (!rules_file.empty())
    text += " --rules=" + shell_quoted(std::filesystem::absolute(rules_file).string());
  if (!module_file.empty())
    text += " --load-pass=" + shell_quoted(std::filesystem::absolute(module_file).string());
  return text;
}

Result<std::string> write_reproducer(const Reproducer& reproducer) {
  const Digest digest = hash_text(
      fmt::format("{} {} {}", reproducer.before->name(), reproducer.passes, reproducer.seed));
  const std::filesystem::path folder =
      reproducer.folder / fmt::format("rcc-reproducer-{}", digest.hex().substr(0, 16));
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return fail(ErrorKind::environment,
                fmt::format("cannot create `{}`: {}", folder.string(), error.message()));
  const std::string text =
      RCC_TRY(print(*reproducer.before, {.weights_file = folder / "before.weights"}));
  const std::filesystem::path file = folder / "before.rir";
  RCC_TRY(write_atomic(file, fmt::format("// {}\n{}", reproducer.command("before.rir"), text)));
  return reproducer.command(file);
}

ReproducerGuard::ReproducerGuard(const Reproducer& reproducer)
    : is_active_(!reproducer.folder.empty() && reproducer.before != nullptr) {
  if (is_active_) set_internal_error_hook(leave, const_cast<Reproducer*>(&reproducer));
}

ReproducerGuard::~ReproducerGuard() {
  if (is_active_) set_internal_error_hook(nullptr, nullptr);
}

}  // namespace rcc
