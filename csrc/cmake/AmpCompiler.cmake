# amp_compile_options(target): the warnings and floating-point rules of the whole core.
#
# No contraction to fused multiply-add: the vector body and the scalar tail of a loop, every
# instruction set and every thread count then give the same bits. Not -ffast-math: NaN, infinities
# and denormals mean what they mean.
function(amp_compile_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -ffp-contract=off
                                           -fno-math-errno -fno-trapping-math)
  if(AMP_SDK_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${AMP_SDK_SANITIZE} -fno-sanitize-recover=all
                                             -fno-omit-frame-pointer
                                             -g -O1)
    target_link_options(${target} PRIVATE -fsanitize=${AMP_SDK_SANITIZE})
  else()
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O3>)
  endif()
endfunction()

if(AMP_SDK_SANITIZE AND NOT AMP_SDK_SANITIZE MATCHES "^(address|thread|undefined|address,undefined)$")
  message(FATAL_ERROR "AMP_SDK_SANITIZE must be address, undefined or thread, found '${AMP_SDK_SANITIZE}'")
endif()
