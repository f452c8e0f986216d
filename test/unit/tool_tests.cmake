# Tests of the programs, one a line, with what of them is in no library.
target_sources(rcc_unit_tests PRIVATE
  ../../tools/rcc_opt/expected_diagnostics.cpp
  ../../tools/rcc_opt/npy.cpp
  expected_diagnostics_test.cpp
  graph_diff_test.cpp
  measurement_test.cpp
  npy_test.cpp
  ratio_test.cpp
  recipe_text_test.cpp
  reduction_test.cpp
  reproducer_test.cpp
  step_cache_test.cpp
)
target_link_libraries(rcc_unit_tests PRIVATE rcc_reduction)
