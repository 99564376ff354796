# What every target of Medius shares: one place for warnings, determinism and tools.

find_program(MEDIUS_CCACHE ccache)
if(MEDIUS_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${MEDIUS_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${MEDIUS_CCACHE}")
endif()

add_library(medius_options INTERFACE)
target_compile_features(medius_options INTERFACE cxx_std_20)
target_include_directories(medius_options INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(medius_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-align
  -Woverloaded-virtual -Wextra-semi
  # The same bytes on any machine: no contraction of a * b + c that one processor has and another not.
  -ffp-contract=off)

find_program(MEDIUS_MOLD mold)
if(MEDIUS_MOLD)
  target_link_options(medius_options INTERFACE -fuse-ld=mold)
endif()

# medius_library(<folder> SOURCES ... DEPENDS ... PRIVATE_DEPENDS ...): the library of one folder.
function(medius_library folder)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(medius_${folder} STATIC ${ARG_SOURCES})
  add_library(medius::${folder} ALIAS medius_${folder})
  target_link_libraries(medius_${folder} PUBLIC medius_options ${ARG_DEPENDS}
                                         PRIVATE ${ARG_PRIVATE_DEPENDS})
endfunction()

# medius_test(<name> SOURCES ... DEPENDS ...): one GoogleTest program; its tests are ctest tests.
# A test that runs real work for more than a second or so gets LABELS slow.
function(medius_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPENDS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE medius_options ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  # Where the recordings of other people stand, if they do; tests skip without them.
  target_compile_definitions(${name} PRIVATE
    MEDIUS_REAL_DATA_DIR="${CMAKE_SOURCE_DIR}/../shared/real"
    MEDIUS_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
                       PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()
