// Stands in until the backend exists; shows that LibTorch compiles and links.
#include <ATen/Parallel.h>

extern "C" int rcc_torch_threads();
extern "C" int rcc_torch_threads() { return at::get_num_threads(); }
