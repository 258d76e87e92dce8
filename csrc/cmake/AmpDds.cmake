# Finds CycloneDDS 0.10, its C library and its compiler idlc: Debian's and Ubuntu's cyclonedds-dev
# and cyclonedds-tools, or a prefix of the user's in CMAKE_PREFIX_PATH or CycloneDDS_ROOT.
#
# AMP_DDS_FOUND, CycloneDDS::ddsc, and amp_add_idl(target files...): a library of the types in IDL
# files. They are compiled without type information (-t), since robots run 0.10.2, which crashes on
# that of other versions; that is also why no newer CycloneDDS is taken.
set(AMP_DDS_FOUND OFF)
# the thread sanitizer cannot see the locks inside the installed library
if(UNIX AND NOT AMP_SDK_DDS STREQUAL "off" AND NOT AMP_SDK_SANITIZE STREQUAL "thread")
  # Debian's CMake files stop the whole configuration where idlc is missing, so it is looked for first
  find_program(AMP_IDLC idlc HINTS ${CycloneDDS_ROOT} $ENV{CycloneDDS_ROOT} PATH_SUFFIXES bin)
  if(AMP_IDLC)
    find_package(CycloneDDS 0.10 QUIET)
    include(CheckLanguage)
    check_language(C)
  endif()
  if(AMP_IDLC AND CycloneDDS_FOUND AND CycloneDDS_VERSION VERSION_LESS 0.11 AND CMAKE_C_COMPILER)
    enable_language(C)
    set(AMP_DDS_FOUND ON)
    message(STATUS "CycloneDDS ${CycloneDDS_VERSION}: building the drivers of robots")
  elseif(AMP_SDK_DDS STREQUAL "on")
    message(FATAL_ERROR "AMP_SDK_DDS is on, but CycloneDDS 0.10 was not found (version "
                        "'${CycloneDDS_VERSION}', idlc '${AMP_IDLC}', C compiler "
                        "'${CMAKE_C_COMPILER}'); Debian, Ubuntu: apt install cyclonedds-dev "
                        "cyclonedds-tools")
  else()
    message(STATUS "no CycloneDDS 0.10 with idlc: building without the drivers of robots")
  endif()
endif()

function(amp_add_idl target)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/idl)
  file(MAKE_DIRECTORY ${folder})
  foreach(file ${ARGN})
    get_filename_component(name ${file} NAME_WE)
    add_custom_command(
      OUTPUT ${folder}/${name}.c ${folder}/${name}.h
      COMMAND ${AMP_IDLC} -t -x final -W no-implicit-extensibility -o ${folder}
              ${CMAKE_CURRENT_SOURCE_DIR}/${file}
      DEPENDS ${file}
      VERBATIM)
    list(APPEND sources ${folder}/${name}.c)
  endforeach()
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} PUBLIC ${folder})
  target_link_libraries(${target} PUBLIC CycloneDDS::ddsc)
endfunction()
