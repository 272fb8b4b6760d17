# unhidra_embed_migrations(TARGET unhidra_storage FUNCTION unhidra::storage::server_migrations FOLDER migrations)
#
# Compiles every NNNN_name.sql of the folder into the target: `std::span<const Migration> FUNCTION()` answers them in order.
# Numbers start at 1 and have no gap. The checksum is that of the file.
function(unhidra_embed_migrations)
  cmake_parse_arguments(M "" "TARGET;FUNCTION;FOLDER" "" ${ARGN})
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${M_FOLDER}/*.sql)
  list(SORT files)
  string(REGEX MATCH "^(.*)::([a-z_]+)$" matched ${M_FUNCTION})
  set(namespace ${CMAKE_MATCH_1})
  set(name ${CMAKE_MATCH_2})
  set(entries "")
  set(number 0)
  foreach(file IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    math(EXPR number "${number} + 1")
    get_filename_component(stem ${file} NAME_WE)
    if(NOT stem MATCHES "^0*([0-9]+)_([a-z0-9_]+)$" OR NOT CMAKE_MATCH_1 EQUAL number)
      message(FATAL_ERROR "${file}: expected migration number ${number} as NNNN_name.sql")
    endif()
    set(title ${CMAKE_MATCH_2})
    file(READ ${file} content)
    file(SHA256 ${file} checksum)
    string(APPEND entries "    {${number}, \"${title}\", R\"sql(${content})sql\",\n     \"${checksum}\"},\n")
  endforeach()
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT "#include \"unhidra/storage/migration.h\"

namespace @namespace@ {

std::span<const ::unhidra::storage::Migration> @name@() {
  static constexpr ::unhidra::storage::Migration kMigrations[] = {
@entries@  };
  return kMigrations;
}

}  // namespace @namespace@
")
  target_sources(${M_TARGET} PRIVATE ${output})
endfunction()
