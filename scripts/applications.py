"""Explain a picture with every network of `keras.applications`: `python scripts/applications.py [NAME ...]`.

Each network is built with random weights, in a process of its own so that its memory is given back,
and explained with Grad-CAM++ at its default layer. The table goes to the screen row by row; with no
names given, it also replaces docs/applications.md.
"""

import argparse
import dataclasses
import inspect
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter

PAGE = Path(__file__).parents[1] / "docs" / "applications.md"

# Rows and columns of the picture for networks that take any size.
ANY_SIZE = 224

COLUMNS = (
    "network",
    "default layer",
    "rows x columns x channels",
    "layers with a map",
    "parameters, millions",
    "first map, s",
    "later map, s",
    "evidence",
)
HEADER = f"| {' | '.join(COLUMNS)} |\n|---|---|---|--:|--:|--:|--:|---|\n"

INTRODUCTION = """\
# The networks of keras.applications

The networks that Keras ships are explained as they are, with nothing to configure:

```python
import keras
from camwidget import Explainer

Explainer(keras.applications.{example}(), class_names="imagenet").explain("cat.jpg", target="tabby").plot()
```

The table is what `make applications` found: each network was built with random weights and explained one picture of
random numbers with Grad-CAM++. So it says that a network works and what it costs, not what a trained one sees.

- **default layer**: the layer explained where `layer=` names none; any other layer with a map can be named.
- **rows x columns x channels**: the shape of its output: the neurons of the map, and the filters.
- **layers with a map**: how many layers can be named as `layer=`.
- **first map**: seconds for an explainer's first answer; the network is looked through and compiled once.
- **later map**: seconds for another picture; the median of three.
- **evidence**: "yes" where the map is more than zeros; else what was said in its place.

Measured with Keras {keras}, TensorFlow {tensorflow} and Python {python} on one machine with {cores} processor cores and
no graphics card. {working} of {all} networks give a map.

"""


@dataclass(frozen=True)
class Finding:
    """What was found about one network.

    Attributes:
        network: the name of its constructor.
        layer: its default layer.
        shape: rows, columns and channels of that layer's output.
        layers: how many layers have a map.
        parameters: in millions.
        first: seconds of the first map, with compiling.
        later: seconds of a later map.
        evidence: "yes"; or why there is nothing to paint, or the error.
    """

    network: str
    layer: str = ""
    shape: tuple[int, ...] = ()
    layers: int = 0
    parameters: float = 0.0
    first: float = 0.0
    later: float = 0.0
    evidence: str = "yes"

    def __str__(self) -> str:
        if not self.layer:
            return f"| {self.network} | | | | | | | {self.evidence} |"
        shape = " x ".join(map(str, self.shape))
        return (
            f"| {self.network} | `{self.layer}` | {shape} | {self.layers} | {self.parameters:.1f} "
            f"| {self.first:.1f} | {self.later:.3f} | {self.evidence} |"
        )


def constructors() -> dict[str, Callable]:
    """Every function of `keras.applications` that builds a network, by name, in alphabetical order."""
    import keras

    import camwidget.model  # noqa: F401 # starts TensorFlow without its log

    def builds(value: object) -> bool:
        return inspect.isfunction(value) and {"weights", "include_top"} <= set(inspect.signature(value).parameters)

    found = inspect.getmembers(keras.applications, builds)
    return dict(sorted(found, key=lambda pair: pair[0].casefold()))


def examine(name: str) -> Finding:
    """Build one network and explain pictures of random numbers."""
    import keras
    import numpy as np

    from camwidget import Explainer, Explanation

    keras.utils.set_random_seed(0)  # in random weights too there is evidence for a class, or there is not
    model = constructors()[name](weights=None)
    shape = tuple(length or ANY_SIZE for length in model.input_shape[1:])
    generator = np.random.default_rng(0)

    def explain() -> tuple[Explanation, float]:
        picture = generator.uniform(-1, 1, shape).astype(np.float32)
        start = perf_counter()
        explanation = explainer.explain(picture)
        _ = explanation.heatmap
        return explanation, perf_counter() - start

    explainer = Explainer(model, preprocess=None)
    explanation, first = explain()
    layer = explanation.layer_info
    return Finding(
        name,
        layer.name,
        (*layer.grid, layer.channels),
        len(explainer.layers),
        model.count_params() / 1e6,
        first,
        median(explain()[1] for _ in range(3)),
        explanation.message or "yes",
    )


def examine_apart(name: str) -> Finding:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--here", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        values = json.loads(done.stdout.splitlines()[-1])
        return Finding(**{**values, "shape": tuple(values["shape"])})
    said = done.stderr.strip().splitlines()
    last = said[-1] if done.returncode > 0 and said else f"ended by signal {-done.returncode}"
    return Finding(name, evidence=last.replace("|", "\\|"))


def page(findings: list[Finding]) -> str:
    """The text of docs/applications.md."""
    working = [finding for finding in findings if finding.evidence == "yes"]
    introduction = INTRODUCTION.format(
        example=working[0].network if working else "ResNet50",
        keras=version("keras"),
        tensorflow=version("tensorflow"),
        python=platform.python_version(),
        cores=os.cpu_count(),
        working=len(working),
        all=len(findings),
    )
    return introduction + HEADER + "".join(f"{finding}\n" for finding in findings)


def main() -> int:
    """Examine the networks named, or all; 1 where one of them cannot be explained."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks to examine; all where none is named")
    parser.add_argument("--here", action="store_true", help="examine one network in this process and print it as JSON")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if options.here:
        print(json.dumps(dataclasses.asdict(examine(*options.names))))
        return 0
    known = constructors()
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"no network {unknown[0]!r}. Expected some of: {', '.join(known)}")
    findings: list[Finding] = []
    print(HEADER, end="", flush=True)
    for name in options.names or known:
        findings.append(examine_apart(name))
        print(findings[-1], flush=True)
    if not options.names:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(findings), encoding="utf-8")
        print(f"\nWritten: {PAGE.relative_to(Path.cwd()) if PAGE.is_relative_to(Path.cwd()) else PAGE}")
    return int(any(not finding.layer for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
