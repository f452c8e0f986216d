# LibTorch from the pinned torch package in RCC_VENV. Targets:
#   LibTorch::cpu    libtorch_cpu and libc10 with their headers
#   LibTorch::cuda   the CUDA libraries, for a module that names them; only where the package has them
# and LibTorch_VERSION, LibTorch_LIBRARY_DIR. The package's own Torch config is not used: it
# demands a CUDA toolkit and changes flags globally.
file(GLOB libtorch_candidates ${RCC_VENV}/lib/python3*/site-packages/torch)
find_path(LibTorch_ROOT_DIR include/torch/headeronly/version.h PATHS ${libtorch_candidates} NO_DEFAULT_PATH)
if(LibTorch_ROOT_DIR)
  set(LibTorch_LIBRARY_DIR ${LibTorch_ROOT_DIR}/lib)
  file(STRINGS ${LibTorch_ROOT_DIR}/include/torch/headeronly/version.h libtorch_lines
    REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9]+" "." LibTorch_VERSION "${libtorch_lines}")
  string(REGEX REPLACE "^\\.|\\.$" "" LibTorch_VERSION "${LibTorch_VERSION}")
endif()
foreach(name torch_cpu c10 torch_cuda c10_cuda)
  find_library(LibTorch_${name}_LIBRARY ${name} PATHS ${LibTorch_LIBRARY_DIR} NO_DEFAULT_PATH)
  mark_as_advanced(LibTorch_${name}_LIBRARY)
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_ROOT_DIR LibTorch_torch_cpu_LIBRARY LibTorch_c10_LIBRARY
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "tools/setup installs it into build/venv")

if(LibTorch_FOUND AND NOT TARGET LibTorch::cpu)
  add_library(LibTorch::cpu INTERFACE IMPORTED)
  # SYSTEM: searched after our own folders; torch ships a copy of google/protobuf.
  target_include_directories(LibTorch::cpu SYSTEM INTERFACE ${LibTorch_ROOT_DIR}/include)
  target_compile_definitions(LibTorch::cpu INTERFACE AT_PER_OPERATOR_HEADERS)
  target_link_libraries(LibTorch::cpu INTERFACE
    ${LibTorch_torch_cpu_LIBRARY} ${LibTorch_c10_LIBRARY})
  # What libtorch_cpu itself needs is found at run time, by its own rpath.
  target_link_options(LibTorch::cpu INTERFACE LINKER:--allow-shlib-undefined)
  if(LibTorch_torch_cuda_LIBRARY AND LibTorch_c10_cuda_LIBRARY)
    add_library(LibTorch::cuda INTERFACE IMPORTED)
    target_link_libraries(LibTorch::cuda INTERFACE LibTorch::cpu LINKER:--no-as-needed
      ${LibTorch_torch_cuda_LIBRARY} ${LibTorch_c10_cuda_LIBRARY} LINKER:--as-needed)
  endif()
endif()
