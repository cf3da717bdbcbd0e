"""`python -m camwidget SUBCOMMAND`: what is done from a shell."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

# name -> where its `add_arguments(parser)` and `execute(words)` are, and what it does
SUBCOMMANDS = {
    "atlas": ("camwidget.explanation.atlas.command", "write web pages of what excites every filter most"),
    "evaluate": ("camwidget.judge.command", "measure methods on a folder of pictures"),
}


def main(words: Sequence[str] | None = None) -> int:
    """Run one subcommand; its exit status."""
    given = sys.argv[1:] if words is None else list(words)
    parser = argparse.ArgumentParser(prog="python -m camwidget", description="Ask a convolutional network why.")
    subparsers = parser.add_subparsers(dest="subcommand", required=True)
    homes = {}
    for name, (home, purpose) in SUBCOMMANDS.items():
        subparser = subparsers.add_parser(name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
        if name in given[:1]:  # others, and TensorFlow with them, are not loaded
            homes[name] = import_module(home)
            homes[name].add_arguments(subparser)
    parsed = parser.parse_args(given)
    return homes[parsed.subcommand].execute(parsed)


if __name__ == "__main__":
    sys.exit(main())
