#include "tools/rcc_opt/npy.h"

#include <gtest/gtest.h>

#include "ir/support/file.h"
#include "test/unit/temporary_folder.h"

namespace rcc {
namespace {

TEST(Npy, ReadsBackWhatItWrites) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "t.npy";
  const Tensor tensors[] = {Tensor::of<float>({2, 3}, {1, -0.0F, 3, 4, 5, 1e-40F}),
                            Tensor::of<std::int64_t>({3}, {-1, 2, 3}),
                            Tensor::scalar<double>(0.5),
                            Tensor::of<bool>({2}, {true, false}),
                            Tensor::of<std::uint8_t>({0, 4}, {}),
                            Tensor::from_doubles(DType::f16, {1}, std::vector<double>{1.5})};
  for (const Tensor& tensor : tensors) {
    ASSERT_TRUE(write_npy(path, tensor));
    const Result<Tensor> read = read_npy(path);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_TRUE(read->same_contents(tensor)) << dtype_name(tensor.dtype());
  }
}

TEST(Npy, WritesTheHeaderThatNumpyWrites) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "t.npy";
  ASSERT_TRUE(write_npy(path, Tensor::of<float>({2}, {1, 2})));
  const std::string text = read_text_file(path, 1000).value();
  EXPECT_EQ(text.size(), 128 + 8);
  EXPECT_EQ(text.substr(10, 60), "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }   ");
  EXPECT_EQ(text[127], '\n');
}

TEST(Npy, RefusesWhatItCannotRead) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "t.npy";
  const auto message = [&](std::string_view header, std::string_view payload) {
    std::string text("\x93NUMPY\x01\x00", 8);
    text += static_cast<char>(header.size());
    text += '\0';
    EXPECT_TRUE(write_atomic(path, text.append(header).append(payload)));
    const Result<Tensor> tensor = read_npy(path);
    return tensor ? std::string() : tensor.error().message();
  };
  constexpr std::string_view kGood = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n";
  EXPECT_EQ(message(kGood, "ab"), "");
  const std::string prefix = "not a .npy file that can be read: ";
  EXPECT_EQ(message(kGood, "abc"), prefix + "its size does not fit its shape");
  EXPECT_EQ(message("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }\n", "ab"),
            prefix + "its element type is not supported");
  EXPECT_EQ(message("{'descr': '|u1', 'fortran_order': True, 'shape': (2,), }\n", "ab"),
            prefix + "it is in Fortran order");
  EXPECT_EQ(message("{'descr': '|u1', 'fortran_order': False, 'shape': (-2,), }\n", "ab"),
            prefix + "it has no shape");
  EXPECT_EQ(message("{'descr': '|u1', 'fortran_order': False, "
                    "'shape': (9223372036854775807, 3), }\n",
                    ""),
            prefix + "its size does not fit its shape");
  ASSERT_TRUE(write_atomic(path, "\x93NUMPY"));
  EXPECT_EQ(read_npy(path).error().message(), prefix + "no header of version 1.0");
}

}  // namespace
}  // namespace rcc
