#include "tools/rcc/step_cache.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "ir/support/file.h"
#include "ir/text.h"
#include "tools/rcc/step_json.h"

namespace rcc {

namespace {

namespace fs = std::filesystem;

constexpr int kSchema = 1;
constexpr std::uint64_t kMaxTextBytes = std::uint64_t{1} << 30;
constexpr const char* kEntryFile = "entry.json";
constexpr const char* kGraphFile = "graph.rir";
constexpr const char* kWeightsFile = "weights.bin";

// The contents of an entry's file with the digest of all of them.
std::string sealed(const Json& contents) {
  const std::string text = dump(contents);
  return dump({{"digest", hash_text(text).hex()}, {"contents", text}});
}

// Throws Json::exception when the text is not JSON; null when the digest does not fit.
Json unsealed(const std::string& text) {
  const Json outer = Json::parse(text);
  const auto contents = outer.at("contents").get<std::string>();
  if (outer.at("digest") != hash_text(contents).hex()) return nullptr;
  Json inner = Json::parse(contents);
  return inner.at("schema") == kSchema ? inner : Json(nullptr);
}

// Null when it is damaged or not there.
Json read_entry(const fs::path& folder) {
  const auto text = read_text_file(folder / kEntryFile, kMaxTextBytes);
  if (!text) return nullptr;
  try {
    return unsealed(*text);
  } catch (const Json::exception&) {
    return nullptr;
  }
}

// Empty when there is no such file.
std::string file_digest(const fs::path& path) {
  const auto file = MappedFile::open(path, std::uint64_t{1} << 40);
  return file ? hash_bytes((*file)->bytes()).hex() : "";
}

void touch(const fs::path& folder) {
  std::error_code ignored;
  fs::last_write_time(folder, fs::file_time_type::clock::now(), ignored);
}

bool is_key(const std::string& name) {
  return name.size() == 32 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::uint64_t folder_bytes(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder, error)) {
    const std::uint64_t size = file.file_size(error);
    if (!error) bytes += size;
  }
  return bytes;
}

// A folder for the files of an entry; gone unless it was renamed.
class DraftFolder {
 public:
  explicit DraftFolder(fs::path path) : path_(std::move(path)) {}
  ~DraftFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  DraftFolder(const DraftFolder&) = delete;
  DraftFolder& operator=(const DraftFolder&) = delete;

  Result<void> make() const {
    std::error_code error;
    fs::create_directories(path_, error);
    if (!error) return {};
    return fail(ErrorKind::environment, fmt::format("cannot make the folder `{}`: {}",
                                                    path_.string(), error.message()));
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

fs::path StepCache::default_folder() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/')
    return fs::path(cache) / "rcc";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
    return fs::path(home) / ".cache" / "rcc";
  return {};
}

std::optional<CachedStep> StepCache::find_step(const Digest& key) const {
  const fs::path folder = entry_folder(key);
  const Json entry = read_entry(folder);
  try {
    if (entry.is_null() || !entry.contains("report")) return std::nullopt;
    if (file_digest(folder / kGraphFile) != entry.at("graph")) return std::nullopt;
    if (file_digest(folder / kWeightsFile) != entry.at("weights")) return std::nullopt;
    const auto text = read_text_file(folder / kGraphFile, kMaxTextBytes);
    if (!text) return std::nullopt;
    ParseOptions options;
    options.base = folder;
    auto graph = parse_graph(*text, kGraphFile, options);
    if (!graph) return std::nullopt;
    touch(folder);
    StepResult result{report_from_json(entry.at("report")), entry.at("seconds").get<double>(),
                      entry.at("changed").get<bool>()};
    for (const Json& message : entry.at("messages"))
      result.messages.push_back(diagnostic_from_json(message));
    return CachedStep{std::move(*graph), std::move(result)};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::optional<Accuracy> StepCache::find_accuracy(const Digest& key) const {
  const Json entry = read_entry(entry_folder(key));
  try {
    if (entry.is_null() || !entry.contains("accuracy")) return std::nullopt;
    touch(entry_folder(key));
    return Accuracy{entry.at("accuracy").at(0).get<std::uint64_t>(),
                    entry.at("accuracy").at(1).get<std::uint64_t>()};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

Result<void> StepCache::store_step(const Digest& key, std::string_view title, const Graph& graph,
                                   const StepResult& result) const {
  const DraftFolder draft(folder_ / fmt::format(".{}.{}", key.hex(), ::getpid()));
  RCC_TRY(draft.make());
  PrintOptions options;
  options.weights_file = draft.path() / kWeightsFile;
  const std::string text = RCC_TRY(print(graph, options));
  RCC_TRY(write_atomic(draft.path() / kGraphFile, text));
  Json messages = Json::array();
  for (const Diagnostic& message : result.messages) messages.push_back(to_json(message));
  const Json contents{{"schema", kSchema},
                      {"title", title},
                      {"graph", hash_text(text).hex()},
                      {"weights", file_digest(draft.path() / kWeightsFile)},
                      {"report", to_json(result.report)},
                      {"seconds", result.seconds},
                      {"changed", result.changed},
                      {"messages", std::move(messages)}};
  RCC_TRY(write_atomic(draft.path() / kEntryFile, sealed(contents)));
  return publish(draft.path(), key);
}

Result<void> StepCache::store_accuracy(const Digest& key, std::string_view title,
                                       const Accuracy& accuracy) const {
  const DraftFolder draft(folder_ / fmt::format(".{}.{}", key.hex(), ::getpid()));
  RCC_TRY(draft.make());
  const Json contents{{"schema", kSchema},
                      {"title", title},
                      {"accuracy", {accuracy.correct, accuracy.total}}};
  RCC_TRY(write_atomic(draft.path() / kEntryFile, sealed(contents)));
  return publish(draft.path(), key);
}

Result<void> StepCache::publish(const fs::path& draft, const Digest& key) const {
  std::error_code error;
  // What is there under this name is damaged, or a run beside this one was faster; either way the
  // new contents are as good.
  fs::remove_all(entry_folder(key), error);
  fs::rename(draft, entry_folder(key), error);
  evict();
  return {};
}

std::vector<StepCache::Entry> StepCache::entries() const {
  std::vector<Entry> entries;
  std::error_code error;
  for (const auto& folder : fs::directory_iterator(folder_, error)) {
    const std::string name = folder.path().filename().string();
    if (!is_key(name)) continue;
    const Json entry = read_entry(folder.path());
    entries.push_back({name, entry.is_null() ? "damaged" : entry.value("title", ""),
                       folder_bytes(folder.path()), folder.last_write_time(error)});
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.used != b.used ? a.used > b.used : a.key < b.key;
  });
  return entries;
}

std::size_t StepCache::clear() const {
  std::size_t count = 0;
  std::error_code error;
  std::vector<fs::path> folders;
  for (const auto& folder : fs::directory_iterator(folder_, error)) {
    const std::string name = folder.path().filename().string();
    const bool is_draft = name.starts_with('.') && name.size() > 33 && is_key(name.substr(1, 32));
    if (is_key(name)) ++count;
    if (is_key(name) || is_draft) folders.push_back(folder.path());
  }
  for (const fs::path& folder : folders) fs::remove_all(folder, error);
  return count;
}

void StepCache::evict() const {
  std::uint64_t total = 0;
  for (const Entry& entry : entries()) {
    total += entry.bytes;
    std::error_code ignored;
    if (total > max_bytes_) fs::remove_all(folder_ / entry.key, ignored);
  }
}

}  // namespace rcc
