# Everything that looks at images, apart from medius_capture: the only code that links OpenCV.
find_package(OpenCV 4.5 REQUIRED COMPONENTS
             core imgproc calib3d features2d objdetect aruco videoio imgcodecs)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)

set(MEDIUS_VISION_SOURCES
  board.cpp
  board_detector.cpp
  board_drawing.cpp
  board_probe.cpp
  chessboard_detector.cpp
  circles_detector.cpp
  frame_grouping.cpp
  image_source.cpp
  marker_board_detector.cpp
  marker_detection.cpp
  marker_layout.cpp
  planar_map.cpp
  point_refinement.cpp
  time_stamp_table.cpp)
list(TRANSFORM MEDIUS_VISION_SOURCES PREPEND "${CMAKE_CURRENT_LIST_DIR}/")

medius_library(vision
  SOURCES ${MEDIUS_VISION_SOURCES}
  DEPENDS medius_core Eigen3::Eigen
  PRIVATE_DEPENDS fmt::fmt ${OpenCV_LIBS})
target_include_directories(medius_vision SYSTEM PRIVATE ${OpenCV_INCLUDE_DIRS})
