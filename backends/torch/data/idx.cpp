#include <algorithm>
#include <array>
#include <memory>

#include "backends/torch/data/decode_image.h"
#include "backends/torch/data/sample_source.h"
#include "ir/support/file.h"

namespace rcc {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 36;

// An IDX file of unsigned bytes: 0, 0, 8, rank, then `rank` big-endian sizes, then the bytes.
struct IdxFile {
  std::shared_ptr<const MappedFile> file;
  std::vector<std::uint32_t> sizes;
  const std::uint8_t* data = nullptr;
};

tl::unexpected<Error> refuse(const fs::path& path, std::string_view reason, std::string help = {}) {
  return fail(ErrorKind::input, fmt::format("`{}` {}", path.string(), reason), std::move(help));
}

Result<IdxFile> open_idx_file(const fs::path& path, std::size_t least_rank, std::size_t most_rank) {
  constexpr std::uint8_t kUnsignedByte = 0x08;
  IdxFile idx;
  idx.file = RCC_TRY(MappedFile::open(path, kMaxFileBytes));
  const std::size_t size = idx.file->bytes().size();
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(idx.file->bytes().data());
  if (size >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B)
    return refuse(path, "is compressed with gzip", "unpack it with gunzip");
  if (size < 4 || bytes[0] != 0 || bytes[1] != 0) return refuse(path, "is not an IDX file");
  if (bytes[2] != kUnsignedByte)
    return refuse(path, fmt::format("has IDX element type 0x{:02x}; only unsigned bytes (0x08) are "
                                    "read",
                                    bytes[2]));
  const std::size_t rank = bytes[3];
  if (rank < least_rank || rank > most_rank)
    return refuse(path, fmt::format("has {} dimensions", rank),
                  "images have N x H x W or N x C x H x W, labels N; the images come first: "
                  "idx:IMAGES,LABELS");
  const std::size_t header = 4 + 4 * rank;
  if (size < header) return refuse(path, "ends within its header");
  // The product of the sizes, or any number above `size`.
  std::uint64_t total = 1;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::uint8_t* at = bytes + 4 + 4 * i;
    idx.sizes.push_back(std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 |
                        std::uint32_t{at[2]} << 8 | at[3]);
    const std::uint64_t factor = idx.sizes.back();
    total = factor != 0 && total > size / factor ? size + 1 : total * factor;
  }
  if (total != size - header)
    return refuse(path,
                  fmt::format("has {} bytes of data; its header says {}", size - header,
                              fmt::join(idx.sizes, " x ")),
                  "it was cut short or is not what it seems: fetch it again");
  idx.data = bytes + header;
  return idx;
}

}  // namespace

Result<SampleSource> open_idx(const fs::path& images_path, const fs::path& labels_path) {
  const IdxFile images = RCC_TRY(open_idx_file(images_path, 3, 4));
  const IdxFile labels = RCC_TRY(open_idx_file(labels_path, 1, 1));
  const std::vector<std::uint32_t>& sizes = images.sizes;
  const std::size_t count = sizes[0];
  if (count == 0) return refuse(images_path, "has no images");
  if (labels.sizes[0] != count)
    return refuse(images_path, fmt::format("has {} images, but `{}` has {} labels", count,
                                           labels_path.string(), labels.sizes[0]));
  const ImageShape shape{sizes.size() == 4 ? sizes[1] : 1, sizes[sizes.size() - 2], sizes.back()};
  if (shape.channels != 1 && shape.channels != 3)
    return refuse(images_path,
                  fmt::format("has {} channels; 1 (gray) or 3 (RGB) are read", shape.channels));
  auto checked = check_image_size(shape.width, shape.height);
  if (!checked) return fail(std::move(checked).error().with_place(images_path.string()));

  SampleSource source;
  source.labels.assign(labels.data, labels.data + count);
  const std::uint32_t largest = *std::max_element(source.labels.begin(), source.labels.end());
  for (std::uint32_t label = 0; label <= largest; ++label)
    source.class_names.push_back(std::to_string(label));
  source.read = [images, shape](std::size_t i) -> Result<Image> {
    const std::uint8_t* pixels = images.data + i * shape.size();
    Image image;
    image.shape = shape;
    image.pixels.assign(pixels, pixels + shape.size());
    return image;
  };
  source.place = [images_path](std::size_t i) {
    return fmt::format("{}: image {}", images_path.string(), i);
  };
  return source;
}

}  // namespace rcc
