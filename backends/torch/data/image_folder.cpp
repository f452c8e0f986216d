#include <algorithm>
#include <cctype>
#include <memory>
#include <system_error>

#include "backends/torch/data/decode_image.h"
#include "backends/torch/data/sample_source.h"
#include "ir/support/file.h"

namespace rcc {

namespace {

namespace fs = std::filesystem;

enum class EntryKind : std::uint8_t { folder, file };

struct Entry {
  std::string name;
  EntryKind kind;
};

// The visible names in a folder in the order of their bytes, whatever order the disk has.
Result<std::vector<Entry>> list_folder(const fs::path& folder) {
  std::error_code error;
  std::vector<Entry> entries;
  fs::directory_iterator iterator(folder, error);
  for (; !error && iterator != fs::directory_iterator(); iterator.increment(error)) {
    std::string name = iterator->path().filename().string();
    if (name.starts_with('.')) continue;
    std::error_code unused;
    const bool is_folder = iterator->is_directory(unused);
    entries.push_back({std::move(name), is_folder ? EntryKind::folder : EntryKind::file});
  }
  if (error == std::errc::no_such_file_or_directory)
    return fail(ErrorKind::input, fmt::format("the folder `{}` does not exist", folder.string()),
                "an image folder has one folder per class with JPEG or PNG files in it");
  if (error == std::errc::not_a_directory)
    return fail(ErrorKind::input, fmt::format("`{}` is not a folder", folder.string()),
                "an image folder has one folder per class with JPEG or PNG files in it");
  if (error)
    return fail(ErrorKind::environment,
                fmt::format("cannot list the folder `{}`: {}", folder.string(), error.message()));
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

bool is_image_name(const std::string& name) {
  std::string extension = fs::path(name).extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

Diagnostic warn(std::string message, std::string place) {
  Diagnostic warning;
  warning.severity = Severity::warning;
  warning.message = std::move(message);
  warning.place = std::move(place);
  return warning;
}

// Names passed over in a source, with one of them as an example.
struct PassedOver {
  std::size_t count = 0;
  std::string first;

  void add(const fs::path& path) {
    if (count++ == 0) first = path.string();
  }
};

Result<Image> read_image(const fs::path& path) {
  const std::string file = RCC_TRY(read_text_file(path, kMaxImageFileBytes));
  return decode_image(std::as_bytes(std::span(file)));
}

}  // namespace

Result<SampleSource> open_image_folder(const fs::path& folder) {
  struct File {
    std::uint32_t label;
    std::string name;
  };
  auto files = std::make_shared<std::vector<File>>();
  SampleSource source;
  PassedOver passed_over;
  for (Entry& entry : RCC_TRY(list_folder(folder))) {
    if (entry.kind == EntryKind::file) {
      passed_over.add(folder / entry.name);
      continue;
    }
    const auto label = static_cast<std::uint32_t>(source.class_names.size());
    const std::size_t before = files->size();
    for (Entry& inner : RCC_TRY(list_folder(folder / entry.name))) {
      if (inner.kind == EntryKind::file && is_image_name(inner.name))
        files->push_back({label, std::move(inner.name)});
      else
        passed_over.add(folder / entry.name / inner.name);
    }
    if (files->size() == before)
      source.warnings.push_back(
          warn(fmt::format("class `{}` has no images", entry.name), folder.string()));
    source.class_names.push_back(std::move(entry.name));
  }
  if (files->empty())
    return fail(ErrorKind::input,
                fmt::format("the image folder `{}` has no JPEG or PNG files", folder.string()),
                source.class_names.empty()
                    ? "put the images of each class into a folder of their own below it"
                    : "files are found by the extensions .jpg, .jpeg and .png");
  if (passed_over.count > 0)
    source.warnings.push_back(
        warn(fmt::format("{} {} passed over, which {} not JPEG or PNG files "
                         "of a class; the first is `{}`",
                         passed_over.count, passed_over.count == 1 ? "name was" : "names were",
                         passed_over.count == 1 ? "is" : "are", passed_over.first),
             folder.string()));
  for (const File& file : *files) source.labels.push_back(file.label);
  const auto path = [folder, files, names = source.class_names](std::size_t i) {
    const File& file = (*files)[i];
    return folder / names[file.label] / file.name;
  };
  source.read = [path](std::size_t i) { return read_image(path(i)); };
  source.place = [path](std::size_t i) { return path(i).string(); };
  return source;
}

}  // namespace rcc
