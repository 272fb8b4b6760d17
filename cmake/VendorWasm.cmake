# The third-party parts of the WebAssembly build. Debian has them as native archives only, so their source packages are
# compiled here: apt checks their signatures, nothing is downloaded by other means, nothing of them stays in the tree.

# Unpacks a Debian source package under the build folder, once.
function(unhidra_debian_source package out)
  set(folder ${CMAKE_BINARY_DIR}/vendor/${package})
  if(NOT EXISTS ${folder})
    message(STATUS "Getting Debian's source package ${package}")
    execute_process(COMMAND ${CMAKE_SOURCE_DIR}/tools/debian_source.sh ${package} ${folder} RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "the source package ${package} could not be had")
    endif()
  endif()
  set(${out} ${folder} PARENT_SCOPE)
endfunction()

function(unhidra_vendor_library target)
  add_library(${target} STATIC ${ARGN})
  target_compile_options(${target} PRIVATE -w)
endfunction()

# ---- libsodium, as its own build for a portable 32-bit target would compile it ----
unhidra_debian_source(libsodium sodium_source)
set(sodium ${sodium_source}/src/libsodium)
file(GLOB_RECURSE sodium_files ${sodium}/*.c)
# Without what is written for the vector units and assemblers of other processors. (The file of AES-NI stays: where there is
# none it answers so.)
list(FILTER sodium_files EXCLUDE REGEX "armcrypto|avx|sse|sandy2x|/asm/")
file(READ ${sodium_source}/configure.ac sodium_configure)
string(REGEX MATCH "AC_INIT\\(\\[libsodium\\],\\[([0-9.]+)" matched "${sodium_configure}")
set(VERSION ${CMAKE_MATCH_1})
foreach(part MAJOR MINOR)
  string(REGEX MATCH "SODIUM_LIBRARY_VERSION_${part}=([0-9]+)" matched "${sodium_configure}")
  set(SODIUM_LIBRARY_VERSION_${part} ${CMAKE_MATCH_1})
endforeach()
set(SODIUM_LIBRARY_MINIMAL_DEF "")
configure_file(${sodium}/include/sodium/version.h.in ${sodium}/include/sodium/version.h @ONLY)
unhidra_vendor_library(unhidra_vendor_sodium ${sodium_files})
target_include_directories(unhidra_vendor_sodium SYSTEM
  PRIVATE ${sodium}/include/sodium PUBLIC ${sodium}/include)
target_compile_definitions(unhidra_vendor_sodium PRIVATE CONFIGURED=1 NATIVE_LITTLE_ENDIAN=1 HAVE_WEAK_SYMBOLS=1
  HAVE_ATOMIC_OPS=1 HAVE_GETENTROPY _WASI_EMULATED_SIGNAL _WASI_EMULATED_MMAN PUBLIC SODIUM_STATIC)
target_link_libraries(unhidra_vendor_sodium PUBLIC wasi-emulated-signal wasi-emulated-mman)
add_library(PkgConfig::sodium ALIAS unhidra_vendor_sodium)

# ---- nanopb's runtime ----
unhidra_debian_source(nanopb nanopb_source)
unhidra_vendor_library(unhidra_vendor_nanopb
  ${nanopb_source}/pb_common.c ${nanopb_source}/pb_decode.c ${nanopb_source}/pb_encode.c)
set(NANOPB_LIBRARY unhidra_vendor_nanopb)
set(NANOPB_INCLUDE_DIR ${nanopb_source})

# One thread is all there is.
add_library(Threads::Threads INTERFACE IMPORTED)
