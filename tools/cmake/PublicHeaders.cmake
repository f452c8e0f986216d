# The headers that a pass outside the tree may include, and the stamp by which rcc tells whether a
# module was compiled with the same ones. They include no other header of ours (test/lint/public_headers.py).
set(RCC_PUBLIC_HEADERS
  ir/attribute.h
  ir/cost.h
  ir/graph.h
  ir/id.h
  ir/interpreter.h
  ir/op.def
  ir/op.h
  ir/op_movement.def
  ir/shape_inference.h
  ir/support/diagnostic.h
  ir/support/disjoint_sets.h
  ir/support/file.h
  ir/support/hash.h
  ir/support/inline_vector.h
  ir/support/number_text.h
  ir/support/philox.h
  ir/support/random.h
  ir/support/result.h
  ir/tensor.h
  ir/text.h
  ir/type.h
  ir/verifier.h
  ir/version.h
  passes/channel_groups.h
  passes/channel_removal.h
  passes/channel_scores.h
  passes/glob.h
  passes/moved_ranges.h
  passes/options.h
  passes/pass.h
  passes/pass_catalog.h
  passes/pass_module.h
  passes/pipeline.h
  passes/quantization.h
  passes/range_table.h
  passes/registry.h
  passes/rules/rule.h
  passes/rules/rule_lexer.h
  passes/rules/tensor_expression.h
  passes/services.h
  passes/step_limit.h
)

set(RCC_GENERATED_HEADERS ${PROJECT_BINARY_DIR}/generated)
set(rcc_stamp ${RCC_GENERATED_HEADERS}/passes/module_stamp.h)
list(TRANSFORM RCC_PUBLIC_HEADERS PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE rcc_header_files)
file(MAKE_DIRECTORY ${RCC_GENERATED_HEADERS}/passes)
add_custom_command(
  OUTPUT ${rcc_stamp}
  COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/tools/gen/module_stamp.py
          ${PROJECT_SOURCE_DIR} ${rcc_stamp} ${PROJECT_VERSION} ${RCC_PUBLIC_HEADERS}
  DEPENDS ${PROJECT_SOURCE_DIR}/tools/gen/module_stamp.py ${rcc_header_files}
  COMMENT "Stamping pass modules"
  VERBATIM)
add_custom_target(rcc_module_stamp DEPENDS ${rcc_stamp})
add_dependencies(rcc_core rcc_module_stamp)
target_include_directories(rcc_core PUBLIC $<BUILD_INTERFACE:${RCC_GENERATED_HEADERS}>)
