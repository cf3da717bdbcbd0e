"""Studies as files: JSON holds the whole study, CSV one vote a line for other programs."""

import csv
import io
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .plan import Shot, Trial
from .study import Study, Vote

_COLUMNS = ("judge", "picture", "name", "class_name", "left", "right", "choice", "option")


def save(study: Study, path: str | os.PathLike) -> None:
    """Write a study, whole or not at all; the ending chooses the form.

    Args:
        study: what there is, finished or not.
        path: ends in .json (plan and votes; opens again by itself) or .csv (votes; opens beside the plan).

    Raises:
        ValueError: another ending.
    """
    target = Path(path)
    writer = {".json": _json, ".csv": _csv}.get(target.suffix.lower())
    if writer is None:
        raise ValueError(f"{str(path)!r} ends in neither .json nor .csv. Pass one of these.")
    fresh = target.with_name(target.name + ".part")
    with open(fresh, "w", encoding="utf-8", newline="") as file:
        file.write(writer(study))
    os.replace(fresh, target)


def load(path: str | os.PathLike, trial: Trial | None = None) -> Study:
    """Read a study.

    Args:
        path: from `save`.
        trial: the plan, which a CSV file does not hold.

    Raises:
        ValueError: it is no such file, its votes are of another trial, or a CSV file without `trial=`.
    """
    source = Path(path)
    if source.suffix.lower() == ".json":
        return _from_json(source, trial)
    if source.suffix.lower() != ".csv":
        raise ValueError(f"{str(path)!r} ends in neither .json nor .csv. Pass one of these.")
    if trial is None:
        raise ValueError("A CSV file holds votes, and not the plan of the trial. Pass trial=, or open the JSON file.")
    return _from_csv(source, trial)


def _json(study: Study) -> str:
    plan = {"methods": study.trial.methods, "seed": study.trial.seed, "shots": [asdict(s) for s in study.trial.shots]}
    return json.dumps({"trial": plan, "votes": [asdict(vote) for vote in study.votes]}, indent=1, ensure_ascii=False)


def _csv(study: Study) -> str:
    shots = {shot.picture: shot for shot in study.trial.shots}
    stream = io.StringIO()
    rows: csv.DictWriter[str] = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
    rows.writeheader()
    for vote in study.votes:
        shot = shots[vote.picture]
        rows.writerow({**asdict(vote), "name": shot.name, "class_name": shot.class_name, "option": vote.option})
    return stream.getvalue()


def _from_json(path: Path, trial: Trial | None) -> Study:
    try:
        told: Any = json.loads(path.read_text(encoding="utf-8"))
        plan = told["trial"]
        first, second = plan["methods"]
        found = Trial((first, second), tuple(Shot(**shot) for shot in plan["shots"]), plan["seed"])
        votes = tuple(Vote(**vote) for vote in told["votes"])
    except (KeyError, TypeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{str(path)!r} is no study ({error}). Pass a file that save() wrote.") from error
    if trial is not None and trial != found:
        raise ValueError(f"{str(path)!r} is of another trial than trial=. Leave out trial=, or open the other file.")
    return Study(found, votes)


def _from_csv(path: Path, trial: Trial) -> Study:
    shots = {shot.picture: shot for shot in trial.shots}
    votes = []
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        missing = [column for column in _COLUMNS if column not in (rows.fieldnames or ())]
        if missing:
            raise ValueError(f"{str(path)!r} is no table of votes: it lacks {', '.join(missing)}.")
        for row in rows:
            try:
                picture = int(row["picture"])
            except (TypeError, ValueError):
                raise ValueError(f"{str(path)!r}, line {rows.line_num}: {row['picture']!r} is no picture.") from None
            if picture in shots and shots[picture].name != row["name"]:
                raise ValueError(
                    f"{str(path)!r}, line {rows.line_num}: picture {picture} is {row['name']!r} there and "
                    f"{shots[picture].name!r} in the trial: it is of another trial."
                )
            votes.append(Vote(row["judge"], picture, row["left"], row["right"], row["choice"]))
    return Study(trial, tuple(votes))
