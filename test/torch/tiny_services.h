#pragma once

#include <memory>
#include <string>
#include <vector>

#include "passes/services.h"
#include "test/unit/temporary_folder.h"

extern "C" rcc::Services* rcc_create_services(std::uint32_t interface_version,
                                              const rcc::ServiceConfig& config, rcc::Error& error);

namespace rcc {

// The services over 24 images of 1 x 4 x 4 bytes in two classes, told apart by their left halves.
class TinyServices {
 public:
  explicit TinyServices(std::string device = "cpu") {
    const std::string images = folder_.write("images", image_file()).string();
    const std::string labels = folder_.write("labels", label_file()).string();
    config_.data.train = "idx:" + images + "," + labels;
    config_.data.eval = config_.data.train;
    config_.data.channels = "gray";
    config_.data.has_normalize = true;
    config_.data.normalize = {.mean = {0.5}, .std = {0.25}};
    config_.data.calibrate.samples = 24;
    config_.data.batch = 8;
    config_.device = std::move(device);
    config_.threads = 1;
    config_.on_line = [this](const std::string& line) { lines.push_back(line); };
  }

  // Null with `error` set where the device is missing.
  Services* open() {
    services_.reset(rcc_create_services(kServicesInterfaceVersion, config_, error));
    return services_.get();
  }
  ServiceConfig& config() { return config_; }

  std::vector<std::string> lines;
  Error error;

 private:
  static constexpr int kImages = 24;

  static std::string image_file() {
    std::string bytes = header({kImages, 4, 4}, 3);
    for (int image = 0; image < kImages; ++image)
      for (int pixel = 0; pixel < 16; ++pixel) {
        const bool is_left = pixel % 4 < 2;
        const int bright = is_left == (image % 2 == 1) ? 160 : 60;
        bytes.push_back(static_cast<char>(bright + (image * 7 + pixel * 13) % 60));
      }
    return bytes;
  }

  static std::string label_file() {
    std::string bytes = header({kImages}, 1);
    for (int image = 0; image < kImages; ++image) bytes.push_back(static_cast<char>(image % 2));
    return bytes;
  }

  static std::string header(std::vector<int> sizes, int rank) {
    std::string bytes = {0, 0, 8, static_cast<char>(rank)};
    for (const int size : sizes) bytes += {0, 0, 0, static_cast<char>(size)};
    return bytes;
  }

  TemporaryFolder folder_;
  ServiceConfig config_;
  std::unique_ptr<Services> services_;
};

}  // namespace rcc
