"""TensorFlow's greeting stays out of a notebook's first picture, and nothing else does."""

import os
import subprocess
import sys

PROGRAM = """
import os
from camwidget import explain, samples
explain(samples.network("digits"), samples.digit(1).image)
os.write(2, b"still heard")
"""


def test_the_first_explanation_says_nothing_on_standard_error():
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=300, check=True, env=environment
    )
    assert done.stdout == ""
    assert done.stderr.endswith("still heard")
    for greeting in ("absl::InitializeLog", "oneDNN", "cuInit"):
        assert greeting not in done.stderr
