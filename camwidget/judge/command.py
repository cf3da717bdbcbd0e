"""`python -m camwidget evaluate`: a folder of pictures measured from a shell."""

import argparse
import sys
import warnings

from camwidget.explanation import Explainer
from camwidget.maths import METHODS
from camwidget.model import load_network

from .evaluate import run
from .metrics import METRICS
from .plan import make_plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that the subcommand takes."""
    parser.add_argument("model", metavar="MODEL.keras", help="a network saved by Keras")
    parser.add_argument("folder", help="its pictures, at any depth; folders inside it may be named as the classes")
    parser.add_argument(
        "--methods", nargs="+", default=["grad_cam", "grad_cam++"], metavar="METHOD", help=f"of: {', '.join(METHODS)}"
    )
    parser.add_argument("--metrics", nargs="+", metavar="METRIC", help=f"of: {', '.join(METRICS)}")
    parser.add_argument("--out", help="a name that ends in .csv, or a folder for Parquet parts; goes on where it was")
    parser.add_argument("--page", help="write the table with the masked pictures as an HTML file")
    parser.add_argument("--layer", help="the layer to explain; by default the last convolution's")
    parser.add_argument("--fill", help="black, mean or blur, where a picture is hidden")
    parser.add_argument("--classes", help="a text file with the class names, one a line")
    parser.add_argument(
        "--no-preprocess", action="store_true", help="hand pictures to the network as they are, 0 to 255"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def execute(words: argparse.Namespace) -> int:
    """Run the subcommand; 0 where it went well, 2 where something was wrong with what was given."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            sys.stdout.write(f"{_evaluated(words)}\n")
        told = dict.fromkeys(str(each.message) for each in caught if issubclass(each.category, UserWarning))
        sys.stderr.writelines(f"note: {message}\n" for message in told)
    except (ImportError, OSError, TypeError, ValueError) as error:
        sys.stderr.write(f"camwidget evaluate: {error}\n")
        return 2
    return 0


def _evaluated(words: argparse.Namespace) -> str:
    options = {} if words.layer is None else {"layer": words.layer}
    plan = make_plan(words.methods, words.metrics, words.fill, options)
    names = None
    if words.classes is not None:
        with open(words.classes, encoding="utf-8") as file:
            names = file.read().splitlines()
    preprocess = None if words.no_preprocess else "auto"
    explainer = Explainer(load_network(words.model), preprocess=preprocess, class_names=names)
    found = run(explainer, words.folder, plan, words.out, progress=not words.quiet)
    if words.page is not None:
        found.save(words.page)
    return str(found)
