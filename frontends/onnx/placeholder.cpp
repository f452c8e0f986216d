// Stands in until the importer exists; shows that the generated header compiles.
#include <onnx/onnx.pb.h>

namespace rcc {

int onnx_ir_version();
int onnx_ir_version() { return onnx::Version::IR_VERSION; }

}  // namespace rcc
