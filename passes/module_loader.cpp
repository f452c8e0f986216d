#include "passes/module_loader.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "ir/support/file.h"
#include "passes/pass_module.h"

namespace rcc {

namespace {

constexpr std::uint64_t kMaxModuleBytes = std::uint64_t{1} << 32;
constexpr std::size_t kMaxStampBytes = 1024;
constexpr std::string_view kElfMagic = "\177ELF";
constexpr std::string_view kHowTo =
    "a pass module is a shared library that links rcc::rcc and has RCC_PASS_MODULE in one file; "
    "see "
    "docs/add_a_pass.md";
constexpr std::string_view kRebuild =
    "build the module again, with CMAKE_PREFIX_PATH at the package of this rcc and a compiler like "
    "its own";

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

tl::unexpected<Error> bad_module(const std::filesystem::path& path, std::string_view what,
                                 std::string_view help, std::vector<std::string> notes = {}) {
  return fail(ErrorKind::environment, {.message = fmt::format("`{}` {}", path.string(), what),
                                       .notes = std::move(notes),
                                       .help = std::string(help)});
}

// The stamp as it lies in the file; empty when there is none.
std::string_view find_stamp(std::string_view file) {
  const std::string_view own = kModuleStamp;
  const std::size_t start = file.find(own.substr(0, own.find('\n') + 1));
  if (start == std::string_view::npos) return {};
  const std::string_view rest = file.substr(start, kMaxStampBytes);
  return rest.substr(0, rest.find('\0'));
}

// "rcc 0.1.0, headers 1f.., compiled for ..": a stamp without its first line.
std::string stamp_text(std::string_view stamp) {
  const std::vector<std::string_view> lines = lines_of(stamp);
  return lines.empty() ? "nothing"
                       : fmt::format("{}", fmt::join(lines.begin() + 1, lines.end(), ", "));
}

Result<void> check_stamp(std::string_view stamp, const std::filesystem::path& path) {
  if (stamp == kModuleStamp) return {};
  const std::vector<std::string_view> theirs = lines_of(stamp);
  const std::vector<std::string_view> ours = lines_of(kModuleStamp);
  std::string_view what = "was compiled with a library or options that do not fit this rcc";
  if (theirs.size() < 3 || theirs[1] != ours[1])
    what = "is a module of another version of rcc";
  else if (theirs[2] != ours[2])
    what = "was compiled with other headers of rcc";
  return bad_module(path, what, kRebuild,
                    {"the module: " + stamp_text(stamp), "this rcc: " + stamp_text(kModuleStamp)});
}

Result<void> check_file(const std::filesystem::path& path) {
  const auto file = RCC_TRY(MappedFile::open(path, kMaxModuleBytes));
  const std::string_view text(reinterpret_cast<const char*>(file->bytes().data()),
                              file->bytes().size());
  if (!text.starts_with(kElfMagic)) return bad_module(path, "is not a shared library", kHowTo);
  const std::string_view stamp = find_stamp(text);
  if (stamp.empty())
    return bad_module(path, "is not a pass module of rcc: it has no stamp", kHowTo);
  return check_stamp(stamp, path);
}

std::string last_error() {
  const char* text = ::dlerror();
  return text == nullptr ? "unknown reason" : text;
}

}  // namespace

Result<void> load_pass_module(const std::filesystem::path& path, PassCatalog& catalog) {
  RCC_TRY(check_file(path));
  // A name without a slash would be looked for in the system's folders.
  const std::filesystem::path file = std::filesystem::absolute(path);
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return bad_module(path, "cannot be loaded", "link the module to all that it uses",
                      {last_error()});
  const auto ask = reinterpret_cast<PassModuleFunction>(::dlsym(library, kPassModuleSymbol));
  if (ask == nullptr)
    return bad_module(path, fmt::format("does not export `{}`", kPassModuleSymbol), kHowTo);
  const PassModule* module = ask();
  RCC_TRY(check_stamp(module->stamp, path));
  return catalog.add({module->passes, module->count}, path);
}

Result<PassCatalog> load_pass_modules(const std::vector<std::filesystem::path>& paths) {
  PassCatalog catalog;
  for (const std::filesystem::path& path : paths) RCC_TRY(load_pass_module(path, catalog));
  return catalog;
}

}  // namespace rcc
