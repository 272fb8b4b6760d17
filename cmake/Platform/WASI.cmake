# What CMake 3.25 does not know of the system itself: nothing but the module's file name.
set(CMAKE_EXECUTABLE_SUFFIX .wasm)
