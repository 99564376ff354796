# Tests of what looks at images.
medius_test(test_vision
  SOURCES
    ${CMAKE_CURRENT_LIST_DIR}/rendered_board.cpp
    ${CMAKE_CURRENT_LIST_DIR}/test_board_accuracy.cpp
  DEPENDS medius_vision fmt::fmt)
