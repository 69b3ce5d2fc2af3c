# Sources of one target that are compiled together, a few at a time (docs/adr/0061): what their headers instantiate is then
# compiled once a batch instead of once a source. Every source still includes what it uses and compiles alone, as it does
# with PORTOLAN_UNITY=OFF and in the builds that are not Debug; what it keeps in an unnamed namespace is called as no
# other source of the target calls something.
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(PORTOLAN_UNITY_DEFAULT ON)
else()
  set(PORTOLAN_UNITY_DEFAULT OFF)
endif()
option(PORTOLAN_UNITY "Compile a few sources of a target together" ${PORTOLAN_UNITY_DEFAULT})
set(PORTOLAN_UNITY_BATCH 8 CACHE STRING "How many sources PORTOLAN_UNITY compiles together")

# Compiles the targets' sources in batches.
function(portolan_unity)
  if(PORTOLAN_UNITY)
    set_target_properties(${ARGN} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${PORTOLAN_UNITY_BATCH})
  endif()
endfunction()
