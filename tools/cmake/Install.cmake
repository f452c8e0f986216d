# cmake --install: the programs, librcc, its public headers and find_package(rcc).
# A module must fit one version exactly, so the package says so, and so does librcc's name.
include(CMakePackageConfigHelpers)

set(package ${PROJECT_BINARY_DIR}/package)
configure_package_config_file(${PROJECT_SOURCE_DIR}/tools/cmake/rccConfig.cmake.in
  ${package}/rccConfig.cmake INSTALL_DESTINATION lib/cmake/rcc)
write_basic_package_version_file(${package}/rccConfigVersion.cmake COMPATIBILITY ExactVersion)
install(FILES ${package}/rccConfig.cmake ${package}/rccConfigVersion.cmake DESTINATION lib/cmake/rcc)

target_sources(rcc_core PUBLIC
  FILE_SET headers TYPE HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${rcc_header_files}
  FILE_SET stamp TYPE HEADERS BASE_DIRS ${RCC_GENERATED_HEADERS} FILES ${rcc_stamp})
set_target_properties(rcc_core PROPERTIES EXPORT_NAME rcc)
install(TARGETS rcc_core EXPORT rcc LIBRARY DESTINATION lib
  FILE_SET headers DESTINATION include/rcc FILE_SET stamp DESTINATION include/rcc)
install(EXPORT rcc NAMESPACE rcc:: FILE rccTargets.cmake DESTINATION lib/cmake/rcc)

if(TARGET rcc_torch)
  install(TARGETS rcc_torch LIBRARY DESTINATION lib)
  set_target_properties(rcc_torch PROPERTIES
    INSTALL_RPATH "$ORIGIN;${LibTorch_LIBRARY_DIR}")
endif()
