# Compiler, linker and warning settings shared by every target.
if(NOT CMAKE_BUILD_TYPE)
  message(FATAL_ERROR "Configure through a preset: cmake --preset dev")
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
# Set by the toolchain file of the preset `wasm`: no processes, threads or exceptions, and a linker of its own.
if(CMAKE_SYSTEM_NAME STREQUAL "WASI")
  set(UNHIDRA_WASM ON)
  add_compile_definitions(_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_FAST)
endif()
find_program(LLD ld.lld)
if(LLD AND NOT UNHIDRA_WASM)
  add_link_options(-fuse-ld=lld)
endif()

add_compile_options(
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> -Werror
  -fdiagnostics-color=always)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # Designated initialisers leave members at their defaults on purpose; the embedded API description is one long text.
  # libstdc++ 12 sorts stably through functions that it calls deprecated itself.
  add_compile_options(-Wno-missing-field-initializers -Wno-overlength-strings -Wno-deprecated-declarations)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees uninitialised members in coroutine frames and std::expected that are none.
  # Designated initialisers leave members at their defaults on purpose.
  add_compile_options(-Wno-maybe-uninitialized -Wno-missing-field-initializers)
  # g++ 12 takes the allocator of an awaitable's frame for a mismatched one.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-mismatched-new-delete>)
endif()

# Hardening of everything that ships as machine code; WebAssembly's stack of return addresses cannot be written to.
if(NOT UNHIDRA_WASM)
  add_compile_options(-fstack-protector-strong -fno-plt)
  add_link_options(-Wl,-z,relro,-z,now)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_definitions(_FORTIFY_SOURCE=2 _GLIBCXX_ASSERTIONS)
  # What ships names no path of the machine that built it. (Elsewhere it would keep ccache from sharing.)
  add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
  # Every library here is linked into a program: nobody replaces one of its functions. (clang takes that for granted.)
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fno-semantic-interposition>)
else()
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()

# One definition of how Asio and Beast are compiled: their bodies live in one library (libs/net, libs/runtime).
add_compile_definitions(
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)

set(UNHIDRA_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them")
if(UNHIDRA_SANITIZE)
  add_compile_options(-fsanitize=${UNHIDRA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${UNHIDRA_SANITIZE})
  if(UNHIDRA_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)
  endif()
endif()
if(NOT UNHIDRA_WASM)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  find_package(Threads REQUIRED)
endif()
