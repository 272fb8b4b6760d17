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
