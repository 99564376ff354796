# Tests of what looks at images.
medius_test(test_vision
  SOURCES
    ${CMAKE_CURRENT_LIST_DIR}/rendered_board.cpp
    ${CMAKE_CURRENT_LIST_DIR}/test_board.cpp
    ${CMAKE_CURRENT_LIST_DIR}/test_board_accuracy.cpp
    ${CMAKE_CURRENT_LIST_DIR}/test_board_detection.cpp
    ${CMAKE_CURRENT_LIST_DIR}/test_board_real.cpp
    ${CMAKE_CURRENT_LIST_DIR}/test_frame_grouping.cpp
    ${CMAKE_CURRENT_LIST_DIR}/test_image_source.cpp
  DEPENDS medius_vision fmt::fmt)
