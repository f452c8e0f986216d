# rcc_dialect: what every target of ours compiles with. Include paths are written from the root.
add_library(rcc_dialect INTERFACE)
target_include_directories(rcc_dialect INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_features(rcc_dialect INTERFACE cxx_std_20)
target_compile_options(rcc_dialect INTERFACE -Wall -Wextra -Wshadow -Wpedantic)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(rcc_dialect INTERFACE -Werror)
endif()

# The same bytes wherever the checkout lies: __FILE__ and debug information name paths from the root.
file(RELATIVE_PATH rcc_up ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR})
target_compile_options(rcc_dialect INTERFACE
  -ffile-prefix-map=${PROJECT_BINARY_DIR}/= -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=
  -ffile-prefix-map=${rcc_up}=)

# ccache, where installed; relative paths let checkouts share its entries.
find_program(RCC_CCACHE ccache)
if(RCC_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
    CCACHE_NOHASHDIR=1 ${RCC_CCACHE})
endif()
