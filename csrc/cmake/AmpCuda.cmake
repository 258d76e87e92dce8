# Finds nvcc when AMP_SDK_CUDA asks for it: sets AMP_CUDA_FOUND, and CMAKE_CUDA_ARCHITECTURES to
# every architecture from Volta on that this nvcc has (its PTX for the newest serves later ones).
# CUDA 13 dropped Volta; nvcc 12 or 11 includes it.
set(AMP_CUDA_FOUND OFF)
set(AMP_SDK_CUDA_ARCHITECTURES "" CACHE STRING
    "CUDA architectures as in CMAKE_CUDA_ARCHITECTURES; empty for all that nvcc has")

string(TOLOWER "${AMP_SDK_CUDA}" amp_cuda_wanted)
if(NOT amp_cuda_wanted MATCHES "^(auto|on|off)$")
  message(FATAL_ERROR "AMP_SDK_CUDA must be auto, on or off, found '${AMP_SDK_CUDA}'")
endif()
if(amp_cuda_wanted STREQUAL "off" OR AMP_SDK_SANITIZE)
  message(STATUS "amp_sdk: without CUDA (AMP_SDK_CUDA=${AMP_SDK_CUDA})")
  return()
endif()

find_program(AMP_NVCC nvcc HINTS ${CUDAToolkit_ROOT} ENV CUDA_PATH ENV CUDA_HOME /usr/local/cuda
             PATH_SUFFIXES bin)
if(CMAKE_CUDA_COMPILER)
  set(AMP_NVCC ${CMAKE_CUDA_COMPILER})
endif()
if(NOT AMP_NVCC)
  if(amp_cuda_wanted STREQUAL "on")
    message(FATAL_ERROR "AMP_SDK_CUDA=on, but nvcc was not found; install the CUDA toolkit or set "
                        "CMAKE_CUDA_COMPILER, or use AMP_SDK_CUDA=off")
  endif()
  message(STATUS "amp_sdk: without CUDA, nvcc was not found; CUDA tensors will use torch")
  return()
endif()

# One machine code per major version (it runs on the later minor ones), Turing's own, and PTX.
if(NOT AMP_SDK_CUDA_ARCHITECTURES)
  execute_process(COMMAND ${AMP_NVCC} --list-gpu-arch OUTPUT_VARIABLE amp_listed
                  RESULT_VARIABLE amp_status ERROR_QUIET)
  if(amp_status)
    set(amp_listed "compute_70;compute_75;compute_80")  # nvcc before 11.2 cannot list
  endif()
  set(amp_architectures "")
  foreach(arch 70 75 80 90 100 110 120)
    if(amp_listed MATCHES "compute_${arch}([^0-9]|$)")
      list(APPEND amp_architectures ${arch}-real)
      set(amp_newest ${arch})
    endif()
  endforeach()
  list(APPEND amp_architectures ${amp_newest}-virtual)
  if(NOT amp_listed MATCHES "compute_70")
    message(STATUS "amp_sdk: this nvcc has no Volta (sm_70); build with CUDA 12 for it")
  endif()
else()
  set(amp_architectures ${AMP_SDK_CUDA_ARCHITECTURES})
endif()

# A CUDA toolkit that cannot compile here (a host compiler that is too new for it, a part of it
# missing) must not stop a build that only wants CUDA where it works.
if(amp_cuda_wanted STREQUAL "auto" AND NOT AMP_CUDA_WORKS STREQUAL AMP_NVCC)
  set(amp_probe ${CMAKE_BINARY_DIR}/amp_cuda_probe.cu)
  file(WRITE ${amp_probe} "#include <cuda_runtime.h>\n__global__ void f(float* x) { *x = 1; }\n")
  execute_process(COMMAND ${AMP_NVCC} -std=c++17 -c ${amp_probe} -o ${amp_probe}.o
                  RESULT_VARIABLE amp_status OUTPUT_QUIET ERROR_VARIABLE amp_error)
  if(amp_status)
    message(STATUS "amp_sdk: without CUDA, ${AMP_NVCC} cannot compile here (AMP_SDK_CUDA=on shows "
                   "the error in full): ${amp_error}")
    return()
  endif()
  set(AMP_CUDA_WORKS ${AMP_NVCC} CACHE INTERNAL "The nvcc that compiled a probe")
endif()
set(CMAKE_CUDA_ARCHITECTURES ${amp_architectures})
set(CMAKE_CUDA_COMPILER ${AMP_NVCC})
set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
set(CMAKE_CUDA_STANDARD 17)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)
enable_language(CUDA)
find_package(CUDAToolkit REQUIRED)
set(AMP_CUDA_FOUND ON)
message(STATUS "amp_sdk: CUDA ${CMAKE_CUDA_COMPILER_VERSION} for ${amp_architectures}")

# No fused multiply-add, as on the CPU: both give the same bits, and the kernels wait for memory.
function(amp_cuda_options target)
  string(REPLACE "-real" "" text "${CMAKE_CUDA_ARCHITECTURES}")
  string(REGEX REPLACE "([0-9]+)-virtual" "\\1-PTX" text "${text}")
  string(REPLACE ";" " " text "${text}")
  target_compile_definitions(${target} PRIVATE "AMP_CUDA_ARCHITECTURES=\"${text}\"")
  target_compile_options(${target} PRIVATE --fmad=false --threads=0 -Xcompiler=-Wall,-Wextra)
endfunction()
