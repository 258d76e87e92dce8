# The Python extensions amp_sdk/_core and, with CUDA, amp_sdk/_cuda.
if(SKBUILD)
  find_package(Python REQUIRED COMPONENTS Interpreter ${SKBUILD_SABI_COMPONENT} Development.Module)
else()
  find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
endif()
if(NOT pybind11_DIR)
  execute_process(
    COMMAND ${Python_EXECUTABLE} -m pybind11 --cmakedir
    OUTPUT_VARIABLE AMP_PYBIND11_DIR OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(AMP_PYBIND11_DIR)
    set(pybind11_DIR ${AMP_PYBIND11_DIR} CACHE PATH "pybind11's CMake files")
  endif()
endif()
set(PYBIND11_FINDPYTHON ON)
find_package(pybind11 2.11 CONFIG REQUIRED)

# What both modules share is compiled once, and as one file: pybind11's headers take most of the
# time.
add_library(amp_bindings OBJECT bindings/array_view.cpp bindings/checks.cpp bindings/disc_obs.cpp
                                bindings/gae.cpp bindings/kernels.cpp)
target_include_directories(amp_bindings PRIVATE include)
target_link_libraries(amp_bindings PRIVATE pybind11::module)
set_target_properties(amp_bindings PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
amp_compile_options(amp_bindings)

function(amp_add_extension name)
  pybind11_add_module(${name} NO_EXTRAS ${ARGN} $<TARGET_OBJECTS:amp_bindings>)
  target_include_directories(${name} PRIVATE include src bindings)
  amp_compile_options(${name})
  install(TARGETS ${name} LIBRARY DESTINATION amp_sdk)
  if(AMP_SDK_INPLACE)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_SOURCE_DIR}/amp_sdk)
  endif()
endfunction()

amp_add_extension(_core bindings/action.cpp bindings/core.cpp bindings/elu.cpp bindings/observation.cpp)
target_link_libraries(_core PRIVATE amp_core)
if(UNIX)
  target_sources(
    _core PRIVATE bindings/runtime_board.cpp bindings/runtime_controller.cpp
                  bindings/runtime_loop.cpp bindings/runtime_recorder.cpp
                  bindings/runtime_types.cpp)
  target_compile_definitions(_core PRIVATE AMP_RUNTIME)
  target_link_libraries(_core PRIVATE amp_runtime)

  # the loop as a process of its own, without Python
  function(amp_add_loop target name)
    add_executable(${target} src/runtime/loop_main.cpp)
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name} INSTALL_RPATH_USE_LINK_PATH ON)
    target_link_libraries(${target} PRIVATE amp_runtime ${ARGN})
    amp_compile_options(${target})
    install(TARGETS ${target} RUNTIME DESTINATION amp_sdk)
    if(AMP_SDK_INPLACE)
      set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY
                                                 ${PROJECT_SOURCE_DIR}/amp_sdk)
    endif()
  endfunction()
  amp_add_loop(amp_loop _loop)
endif()

if(AMP_CUDA_FOUND)
  amp_add_extension(_cuda bindings/cuda.cpp)
  target_link_libraries(_cuda PRIVATE amp_cuda)
endif()

if(AMP_DDS_FOUND)
  amp_add_loop(amp_loop_dds _loop_dds amp_dds)
  target_compile_definitions(amp_loop_dds PRIVATE AMP_DDS)
  amp_add_extension(_dds bindings/dds.cpp)
  set_target_properties(_dds PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  target_link_libraries(_dds PRIVATE amp_dds)
endif()
