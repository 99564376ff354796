"""scripts/check_layers finds each kind of violation, planted in a house that was in order."""

import contextlib
import importlib.machinery
import importlib.util
import io
import os
import subprocess
import sys
import tempfile
import unittest

SCRIPT = sys.argv.pop(1)


def load(path):
    """The script as a module, so that fifty runs do not start fifty interpreters."""
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("check_layers", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_layers", loader))
    loader.exec_module(module)
    return module


CHECK_LAYERS = load(SCRIPT)

HOUSE = {
    "core/camera.hpp": '#pragma once\n#include <vector>\n#include "core/error.hpp"\n',
    "core/error.hpp": "#pragma once\n",
    "core/parallel_tbb.cpp": "#include <tbb/parallel_for.h>\n",
    "capture/camera.cpp": '#include "capture/camera.hpp"\n#include "core/camera.hpp"\n',
    "capture/camera.hpp": "#pragma once\n",
    "capture/CMakeLists.txt": "medius_library(capture SOURCES camera.cpp DEPENDS medius_core)\n",
    "analysis/angles.hpp": "#pragma once\n",
    "calibration/bundle.cpp": "#include <ceres/ceres.h>\n",
    "storage/file.cpp": '#include <hdf5.h>\n#include "core/camera.hpp"\n',
    "apps/main.cpp": '#include "analysis/angles.hpp"\n#include "capture/camera.hpp"\n',
    "tests/capture/test_camera.cpp": '#include "capture/camera.hpp"\n#include "tests/capture/scene.hpp"\n',
    "tests/capture/scene.hpp": "#pragma once\n",
    "build/release/generated.cpp": '#include "anything.hpp"\n',
}


class CheckLayers(unittest.TestCase):
    def check(self, planted):
        """Runs the check on the house with these files planted: its exit code and its lines."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**HOUSE, **planted}.items():
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as file:
                    file.write(text)
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                code = CHECK_LAYERS.main([SCRIPT, root])
        return code, output.getvalue().splitlines()

    def assert_caught(self, planted, *words):
        """Exactly one line, which begins with the place and holds these words."""
        code, lines = self.check(planted)
        self.assertEqual(code, 1, lines)
        self.assertEqual(len(lines), 1, lines)
        self.assertTrue(lines[0].startswith(next(iter(planted))), lines[0])
        for word in words:
            self.assertIn(word, lines[0])

    def test_says_nothing_of_a_house_in_order(self):
        self.assertEqual(self.check({}), (0, []))

    def test_catches_a_stage_that_includes_another(self):
        text = '#pragma once\n\n#include "analysis/angles.hpp"\n'
        self.assert_caught({"capture/late.hpp": text}, ":3:", "analysis/angles.hpp", "core and itself alone")

    def test_catches_an_include_of_ours_in_brackets(self):
        self.assert_caught({"capture/late.cpp": "#include <analysis/angles.hpp>\n"}, "analysis/angles.hpp")

    def test_catches_a_stage_that_includes_apps_or_storage(self):
        self.assert_caught({"analysis/late.cpp": '#include "storage/file.hpp"\n'}, "storage/file.hpp")
        self.assert_caught({"storage/late.cpp": '#  include "apps/command.hpp"\n'}, "apps/command.hpp")

    def test_catches_core_that_knows_a_stage(self):
        self.assert_caught({"core/late.cpp": '#include "capture/camera.hpp"\n'}, "core may include core alone")

    def test_catches_a_program_that_needs_its_tests(self):
        self.assert_caught({"apps/late.cpp": '#include "tests/capture/scene.hpp"\n'}, "everything but tests")

    def test_catches_a_path_that_is_not_from_the_root(self):
        self.assert_caught({"capture/late.cpp": '#include "camera.hpp"\n'}, '"camera.hpp"', "from the root")
        self.assert_caught({"capture/late.cpp": '#include "../analysis/angles.hpp"\n'}, "from the root")

    def test_catches_threads_outside_their_owner(self):
        for header in ("tbb/parallel_for.h", "oneapi/tbb.h", "oneapi/tbb/mutex.h", "execution", "omp.h"):
            self.assert_caught({"core/late.cpp": f"#include <{header}>\n"}, header, "core/parallel")

    def test_catches_hdf5_outside_storage(self):
        for header in ("hdf5.h", "H5Cpp.h", "hdf5_hl.h"):
            self.assert_caught({"apps/late.cpp": f"#include <{header}>\n"}, header, "storage")

    def test_catches_a_heavy_include_in_a_header(self):
        self.assert_caught({"calibration/late.hpp": "#include <ceres/problem.h>\n"}, "ceres/problem.h")
        self.assert_caught({"capture/late.hpp": "#include <opencv2/core.hpp>\n"}, "opencv2/core.hpp")

    def test_catches_files_that_grew_too_long(self):
        self.assertEqual(self.check({"core/long.hpp": "\n" * 250})[0], 0)
        self.assert_caught({"core/long.hpp": "\n" * 251}, "251 lines", "250")
        self.assertEqual(self.check({"core/long.cpp": "\n" * 500})[0], 0)
        self.assert_caught({"core/long.cpp": "\n" * 501}, "501 lines", "500")
        self.assertEqual(self.check({"tests/core/long.cpp": "\n" * 800})[0], 0)
        self.assert_caught({"tests/core/long.cpp": "\n" * 801}, "801 lines", "800")

    def test_catches_names_that_say_nothing(self):
        for path in ("core/utils.hpp", "apps/string_utils.cpp", "capture/misc/a.cpp", "scripts/helpers",
                     "tests/core/helper.hpp", "docs/file-manager.md"):
            self.assert_caught({path: ""}, "says nothing")

    def test_catches_a_source_outside_every_layer(self):
        self.assert_caught({"common/late.cpp": ""}, "no layer")
        self.assert_caught({"late.cpp": ""}, "no layer")

    def test_catches_a_stage_that_links_another(self):
        planted = {"capture/CMakeLists.txt": "medius_library(capture DEPENDS medius_core\n  medius_analysis)\n"}
        self.assert_caught(planted, ":2:", "medius_analysis")
        planted = {"core/CMakeLists.txt": "# medius_storage\nmedius_library(core DEPENDS medius::storage)\n"}
        self.assert_caught(planted, ":2:", "medius_storage")

    def test_exits_with_one_from_the_shell(self):
        with tempfile.TemporaryDirectory() as root:
            with open(os.path.join(root, "late.cpp"), "w", encoding="utf-8"):
                pass
            run = subprocess.run([SCRIPT, root], capture_output=True, text=True, check=False)
        self.assertEqual((run.returncode, run.stderr), (1, ""))
        self.assertIn("late.cpp:1: ", run.stdout)

    def test_refuses_a_root_that_is_no_folder(self):
        run = subprocess.run([sys.executable, SCRIPT, "/no/such/folder"], capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 2)
        self.assertIn("/no/such/folder", run.stderr)


if __name__ == "__main__":
    unittest.main()
