#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>
// After jpeglib.h, whose configuration it asks for.
#include <jerror.h>

#include <array>

#include "backends/torch/data/decode_image.h"
#include "backends/torch/data/exif.h"

namespace rcc {

namespace {

constexpr int kMaxScans = 500;

// libjpeg reports errors by a call that must not return: it jumps back to run_guarded. So the steps
// below hold nothing that needs a destructor.
struct JpegReader {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf escape;
  std::array<char, JMSG_LENGTH_MAX> message{};
  bool ended_early = false;
  std::span<const std::byte> file;
  std::uint8_t* target = nullptr;
  JSAMPROW row = nullptr;

  JpegReader() = default;
  ~JpegReader() { jpeg_destroy_decompress(&info); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;
};

JpegReader& reader_of(j_common_ptr info) { return *static_cast<JpegReader*>(info->client_data); }

[[noreturn]] void stop(j_common_ptr info) {
  JpegReader& reader = reader_of(info);
  info->err->format_message(info, reader.message.data());
  std::longjmp(reader.escape, 1);
}

// Warnings after which the pixels are a guess stop the decoding; libjpeg would go on with gray.
void receive_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
      reader_of(info).ended_early = true;
      stop(info);
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_BOGUS_PROGRESSION:
      stop(info);
    default:
      return;
  }
}

// A small progressive file can demand any number of passes over a large image.
void count_scans(j_common_ptr info) {
  JpegReader& reader = reader_of(info);
  if (reader.info.input_scan_number <= kMaxScans) return;
  std::snprintf(reader.message.data(), reader.message.size(), "more than %d scans", kMaxScans);
  std::longjmp(reader.escape, 1);
}

bool run_guarded(JpegReader& reader, void (*step)(JpegReader&)) {
  if (setjmp(reader.escape) != 0) return false;
  step(reader);
  return true;
}

void read_header(JpegReader& reader) {
  reader.info.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = stop;
  reader.errors.emit_message = receive_message;
  reader.info.client_data = &reader;
  jpeg_create_decompress(&reader.info);
  reader.progress.progress_monitor = count_scans;
  reader.info.progress = &reader.progress;
  jpeg_mem_src(&reader.info, reinterpret_cast<const unsigned char*>(reader.file.data()),
               reader.file.size());
  constexpr int kWholeSegment = 0xFFFF;
  jpeg_save_markers(&reader.info, JPEG_APP0 + 1, kWholeSegment);
  jpeg_read_header(&reader.info, TRUE);
}

void read_pixels(JpegReader& reader) {
  jpeg_decompress_struct& info = reader.info;
  info.out_color_space = info.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&info);
  const std::size_t width = info.output_width;
  const std::size_t plane = width * info.output_height;
  const auto channels = static_cast<std::size_t>(info.output_components);
  while (info.output_scanline < info.output_height) {
    std::uint8_t* line = reader.target + info.output_scanline * width;
    jpeg_read_scanlines(&info, &reader.row, 1);
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t x = 0; x < width; ++x) line[c * plane + x] = reader.row[x * channels + c];
  }
  jpeg_finish_decompress(&info);
}

tl::unexpected<Error> fail_damaged(const JpegReader& reader) {
  return fail(ErrorKind::input,
              reader.ended_early ? "the JPEG data end too early"
                                 : fmt::format("damaged JPEG data: {}", reader.message.data()),
              "restore or remove the file");
}

}  // namespace

Result<Image> decode_jpeg(std::span<const std::byte> file) {
  JpegReader reader;
  reader.file = file;
  if (!run_guarded(reader, read_header)) return fail_damaged(reader);
  const jpeg_decompress_struct& info = reader.info;
  RCC_TRY(check_image_size(info.image_width, info.image_height));
  switch (info.jpeg_color_space) {
    case JCS_GRAYSCALE:
    case JCS_RGB:
    case JCS_YCbCr:
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      return fail(ErrorKind::input, "a CMYK image; its colours depend on a printer",
                  "convert the file to RGB");
    default:
      return fail(ErrorKind::input,
                  fmt::format("a JPEG image of {} components", info.num_components),
                  "convert the file to gray or RGB");
  }

  Image image;
  image.shape = {info.num_components == 1 ? 1U : 3U, info.image_height, info.image_width};
  image.pixels.resize(image.shape.size());
  std::vector<std::uint8_t> row(std::size_t{image.shape.channels} * image.shape.width);
  reader.target = image.pixels.data();
  reader.row = row.data();
  for (const jpeg_marker_struct* marker = info.marker_list; marker != nullptr;
       marker = marker->next)
    image.asks_for_rotation |=
        asks_for_rotation(std::as_bytes(std::span(marker->data, marker->data_length)));
  if (!run_guarded(reader, read_pixels)) return fail_damaged(reader);
  return image;
}

}  // namespace rcc
