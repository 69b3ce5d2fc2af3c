# Headers that are read once for a group of targets instead of once for each source (docs/adr/0060). Every source still
# includes what it uses: PORTOLAN_PCH=OFF compiles without any of this.
#
# A group holds only headers of the layers below its targets, and of mapcore/base. Their names are in other namespaces, so
# they cannot collide with a name of a source that does not include them. They are named with <> because CMake writes
# those as they are; an absolute path would keep ccache from finding in one clone what another has compiled.
#
# In Debug builds only: what GCC 12 warns of falsely once it optimises it keeps to itself in the system's headers, but not
# in those that come out of a precompiled one.
if(PORTOLAN_GNU AND CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(PORTOLAN_PCH_DEFAULT ON)
else()
  set(PORTOLAN_PCH_DEFAULT OFF)
endif()
option(PORTOLAN_PCH "Precompile the headers that nearly every source includes" ${PORTOLAN_PCH_DEFAULT})

set(PORTOLAN_PCH_base
  <algorithm> <array> <atomic> <charconv> <cmath> <cstdint> <cstring> <filesystem> <fstream> <functional> <limits>
  <map> <memory> <mutex> <optional> <set> <span> <sstream> <string> <string_view> <unordered_map> <utility> <variant>
  <vector>
  <mapcore/base/clock.h> <mapcore/base/digest.h> <mapcore/base/result.h>)
set(PORTOLAN_PCH_reconciler ${PORTOLAN_PCH_base} <manifests/loader.h>)
set(PORTOLAN_PCH_controller
  ${PORTOLAN_PCH_reconciler}
  <reconciler/drift.h> <reconciler/plan.h> <reconciler/plan_json.h> <reconciler/status.h>
  <reconciler/policy/compiled_set.h> <reconciler/policy/report.h> <reconciler/policy/trial.h>
  <reconciler/ports/state_store.h>
  <reconciler/rollout/group.h> <reconciler/rollout/record.h> <reconciler/rollout/step.h>)

# The target whose one empty source carries the precompiled headers of a group; it links what the headers need.
function(portolan_precompiled_group group)
  if(NOT PORTOLAN_PCH)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "HEADERS;LIBS" ${ARGN})
  set(empty ${PROJECT_BINARY_DIR}/precompiled_${group}.cc)
  file(CONFIGURE OUTPUT ${empty} CONTENT "")
  add_library(precompiled_${group} OBJECT ${empty})
  target_link_libraries(precompiled_${group} PRIVATE portolan_options ${ARG_LIBS})
  target_precompile_headers(precompiled_${group} PRIVATE ${ARG_HEADERS})
  if(CCACHE)
    set_target_properties(precompiled_${group} PROPERTIES
      CXX_COMPILER_LAUNCHER "${PROJECT_SOURCE_DIR}/cmake/compile-anew;${CMAKE_CXX_COMPILER_LAUNCHER}")
  endif()
endfunction()

# Compiles the targets with the precompiled headers of the group.
function(portolan_precompile group)
  if(NOT PORTOLAN_PCH)
    return()
  endif()
  foreach(target ${ARGN})
    target_precompile_headers(${target} REUSE_FROM precompiled_${group})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -fpch-preprocess)  # or ccache cannot preprocess
    endif()
  endforeach()
endfunction()
