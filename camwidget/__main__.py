"""Commands: `python -m camwidget atlas MODEL.keras --out atlas/`.

Each is one entry in `COMMANDS`; nothing heavy is imported before one is chosen.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes:
        summary: in one line.
        add_arguments: tells a parser what the command takes.
        run: does it; a ValueError, TypeError or OSError becomes an error of the command line.
    """

    summary: str
    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], None]


def _atlas_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL.keras", help="a network, as model.save(path) writes it")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where to write the pages")
    parser.add_argument("--layers", nargs="+", metavar="NAME", help="these only; else all convolutions and dense units")
    parser.add_argument("--preset", default="fourier", help="fourier (default) or gradient_ascent")
    parser.add_argument("--steps", type=int, help="of each ascent; else as the preset has it")
    parser.add_argument("--size", type=int, nargs="+", metavar="PIXELS", help="side, or height and width")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--classes", metavar="FILE", help="names of the classes, one on each line")
    parser.add_argument(
        "--range",
        type=float,
        nargs=2,
        metavar=("BLACK", "WHITE"),
        help="what the network takes for black and for white; else found by its name or its first layers",
    )


def _atlas(arguments: Namespace) -> None:
    from camwidget.explanation import Explainer
    from camwidget.explanation.atlas import filter_atlas
    from camwidget.model import load_network

    names = Path(arguments.classes).read_text(encoding="utf-8").splitlines() if arguments.classes else None
    preprocess = "auto"
    if arguments.range:
        black, white = arguments.range
        preprocess = lambda picture: black + picture / 255 * (white - black)  # noqa: E731 # a value among others
    size = arguments.size[0] if arguments.size and len(arguments.size) == 1 else arguments.size
    filter_atlas(
        Explainer(load_network(arguments.model), preprocess=preprocess, class_names=names),
        arguments.out,
        layers=arguments.layers,
        preset=arguments.preset,
        steps=arguments.steps,
        size=tuple(size) if isinstance(size, list) else size,
        seed=arguments.seed,
    )


COMMANDS: dict[str, Command] = {
    "atlas": Command("write web pages of what excites every filter most", _atlas_arguments, _atlas),
}


def main(words: Sequence[str] | None = None) -> int:
    """Run the command that these words, or the command line's, name; 0 where it went well."""
    parser = ArgumentParser(prog="python -m camwidget", description="Ask a convolutional network why.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        command.add_arguments(commands.add_parser(name, help=command.summary, description=command.summary))
    arguments = parser.parse_args(words)
    try:
        COMMANDS[arguments.command].run(arguments)
    except (ValueError, TypeError, OSError) as error:
        parser.exit(2, f"{parser.prog} {arguments.command}: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "\nInterrupted.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
