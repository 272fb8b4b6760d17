# What the tests read, for tools/run_tests.py: a test is left out while all of it is as it was when the test last passed.

# unhidra_test_reads(TEST path...): files and folders beside what its command names; $<TARGET_FILE:...> for a program. A test
# that never says so runs always.
function(unhidra_test_reads test)
  set_property(TEST ${test} APPEND PROPERTY REQUIRED_FILES ${ARGN})
endfunction()

# unhidra_test_folders(OUT room...): the folders of these rooms and of all that they link.
function(unhidra_test_folders out)
  set(seen)
  set(waiting ${ARGN})
  while(waiting)
    list(POP_FRONT waiting room)
    if(room IN_LIST seen)
      continue()
    endif()
    list(APPEND seen ${room})
    get_target_property(folder unhidra::${room} SOURCE_DIR)
    list(APPEND folders ${folder})
    get_target_property(links unhidra::${room} INTERFACE_LINK_LIBRARIES)
    foreach(link IN LISTS links)
      if(link MATCHES "unhidra::([a-z0-9_]+)")
        list(APPEND waiting ${CMAKE_MATCH_1})
      endif()
    endforeach()
  endwhile()
  set(${out} ${folders} PARENT_SCOPE)
endfunction()

# unhidra_python_modules(OUT FILE folder...): FILE and what it imports of the modules in these folders, and so on.
function(unhidra_python_modules out file)
  set(seen)
  set(waiting ${file})
  while(waiting)
    list(POP_FRONT waiting module)
    if(module IN_LIST seen)
      continue()
    endif()
    list(APPEND seen ${module})
    file(STRINGS ${module} imports REGEX "^ *(import|from) [a-z_]+")
    foreach(import IN LISTS imports)
      string(REGEX REPLACE "^ *(import|from) ([a-z_]+).*" "\\2" name "${import}")
      foreach(folder IN LISTS ARGN)
        if(EXISTS ${folder}/${name}.py)
          list(APPEND waiting ${folder}/${name}.py)
        endif()
      endforeach()
    endforeach()
  endwhile()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${seen})
  set(${out} ${seen} PARENT_SCOPE)
endfunction()

# unhidra_python_test(NAME PREFIX.name [PROGRAMS target...] [TIMEOUT s] [COST s]): unittest in name_test.py of this folder, with
# what that imports of it and of tests/e2e. It may start the PROGRAMS and no other of ours (tests/e2e/programs.py), and reads
# them. A Debian Python, because python3-cryptography is installed for that one. COST: seconds, for those that should start
# early.
function(unhidra_python_test)
  cmake_parse_arguments(T "" "NAME;TIMEOUT;COST" "PROGRAMS" ${ARGN})
  string(REGEX MATCH "^([^.]+)\\.(.+)$" whole ${T_NAME})
  set(label ${CMAKE_MATCH_1})
  set(name ${CMAKE_MATCH_2})
  add_test(NAME ${T_NAME}
    COMMAND /usr/bin/python3 -B -W ignore::ResourceWarning -m unittest -q ${name}_test
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  unhidra_python_modules(modules ${CMAKE_CURRENT_SOURCE_DIR}/${name}_test.py ${CMAKE_CURRENT_SOURCE_DIR}
    ${CMAKE_SOURCE_DIR}/tests/e2e)
  list(TRANSFORM T_PROGRAMS REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE files)
  unhidra_test_reads(${T_NAME} ${modules} ${files})
  list(JOIN T_PROGRAMS "," programs)
  set_tests_properties(${T_NAME} PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS ${label}
    ENVIRONMENT "UNHIDRA_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};UNHIDRA_PROGRAMS=${programs}")
  if(T_COST)
    set_tests_properties(${T_NAME} PROPERTIES COST ${T_COST})
  endif()
endfunction()
