"""`python -m camwidget atlas`: a network's filters onto web pages, from a shell."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from camwidget.model import load_network

from ..explainer import Explainer
from .build import filter_atlas


def add_arguments(parser: ArgumentParser) -> None:
    """The words that the subcommand takes."""
    parser.add_argument("model", metavar="MODEL.keras", help="a network, as model.save(path) writes it")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where to write the pages")
    parser.add_argument("--layers", nargs="+", metavar="NAME", help="these only; else all convolutions and dense units")
    parser.add_argument("--preset", default="fourier", help="fourier (default) or gradient_ascent")
    parser.add_argument("--steps", type=int, help="of each ascent; else as the preset has it")
    parser.add_argument("--size", type=int, nargs="+", metavar="PIXELS", help="side, or height and width")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--output", metavar="NAME", help="of several outputs, the one whose classes are shown; or its position"
    )
    parser.add_argument("--classes", metavar="FILE", help="names of the classes, one on each line")
    parser.add_argument(
        "--range",
        type=float,
        nargs=2,
        metavar=("BLACK", "WHITE"),
        help="what the network takes for black and for white; else found by its name or its first layers",
    )


def execute(words: Namespace) -> int:
    """Run the subcommand; 0 where it went well, 2 where something was wrong with what was given, 130 if interrupted."""
    try:
        _write(words)
    except (ValueError, TypeError, OSError) as error:
        sys.stderr.write(f"python -m camwidget atlas: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted.\n")
        return 130
    return 0


def _write(arguments: Namespace) -> None:
    names = Path(arguments.classes).read_text(encoding="utf-8").splitlines() if arguments.classes else None
    preprocess = "auto"
    if arguments.range:
        black, white = arguments.range
        preprocess = lambda picture: black + picture / 255 * (white - black)  # noqa: E731 # a value among others
    output = arguments.output
    size = arguments.size[0] if arguments.size and len(arguments.size) == 1 else arguments.size
    filter_atlas(
        Explainer(load_network(arguments.model), preprocess=preprocess, class_names=names),
        arguments.out,
        layers=arguments.layers,
        preset=arguments.preset,
        steps=arguments.steps,
        size=tuple(size) if isinstance(size, list) else size,
        seed=arguments.seed,
        output=int(output) if output and output.isdecimal() else output,
    )
