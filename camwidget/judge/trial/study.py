"""Votes: given, taken back, still to be given, and those of several judges together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .plan import Question, Trial

CHOICES = ("left", "right", "same", "skipped")


@dataclass(frozen=True)
class Vote:
    """One answer.

    Attributes:
        judge: who gave it.
        picture: number of the picture.
        left: method of the map that was on the left.
        right: method of the map that was on the right.
        choice: "left", "right", "same", or "skipped": no verdict, because there were no maps to see.
    """

    judge: str
    picture: int
    left: str
    right: str
    choice: str

    @property
    def option(self) -> str:
        """The method that was chosen, or "same", or "skipped"."""
        return {"left": self.left, "right": self.right}.get(self.choice, self.choice)


@dataclass(frozen=True)
class Study:
    """A trial and the votes there are, in the order in which they were given.

    Attributes:
        trial: the plan.
        votes: of all judges; one of each judge for a picture.

    Raises:
        ValueError: a vote does not belong to the trial, or there are two of one judge for a picture.
    """

    trial: Trial
    votes: tuple[Vote, ...] = ()

    def __post_init__(self) -> None:
        pictures = {shot.picture for shot in self.trial.shots}
        seen = set()
        for vote in self.votes:
            if vote.choice not in CHOICES:
                raise ValueError(f"No choice {vote.choice!r}. Choices: {', '.join(CHOICES)}.")
            if {vote.left, vote.right} != set(self.trial.methods):
                raise ValueError(
                    f"A vote is about {vote.left!r} and {vote.right!r}, and the trial about "
                    f"{' and '.join(map(repr, self.trial.methods))}: it comes from another trial."
                )
            if vote.picture not in pictures:
                raise ValueError(f"A vote is about picture {vote.picture}, which is not in this trial.")
            if (vote.judge, vote.picture) in seen:
                raise ValueError(f"{vote.judge!r} voted twice on picture {vote.picture}. Keep one of the votes.")
            seen.add((vote.judge, vote.picture))

    @property
    def verdicts(self) -> tuple[Vote, ...]:
        """The votes that count: those on pictures that were not skipped."""
        return tuple(vote for vote in self.votes if vote.choice != "skipped")

    @property
    def judges(self) -> tuple[str, ...]:
        """Their names, in the order of their first votes."""
        return tuple(dict.fromkeys(vote.judge for vote in self.votes))

    def remaining(self, judge: str) -> tuple[Question, ...]:
        """What a judge has not answered yet, in that judge's order: the study goes on there."""
        done = {vote.picture for vote in self.votes if vote.judge == judge}
        return tuple(question for question in self.trial.questions(judge) if question.shot.picture not in done)

    def progress(self, judge: str) -> tuple[int, int]:
        """How many pictures a judge has answered, of how many."""
        count = len(self.trial.shots)
        return count - len(self.remaining(judge)), count

    def voted(self, judge: str, choice: str) -> "Study":
        """The same study with an answer to the judge's next question.

        Raises:
            ValueError: there is no such choice, or no question left.
        """
        left = self.remaining(judge)
        if not left:
            raise ValueError(f"{judge!r} has answered every question.")
        question = left[0]
        vote = Vote(judge, question.shot.picture, question.left, question.right, choice)
        return replace(self, votes=(*self.votes, vote))

    def undone(self, judge: str) -> "Study":
        """The same study without the judge's last answer; that question comes next again.

        Raises:
            ValueError: there is none.
        """
        mine = [n for n, vote in enumerate(self.votes) if vote.judge == judge]
        if not mine:
            raise ValueError(f"{judge!r} has answered nothing yet.")
        return replace(self, votes=(*self.votes[: mine[-1]], *self.votes[mine[-1] + 1 :]))


def merge(studies: Sequence[Study]) -> Study:
    """The votes of several judges, or of several sittings, in one study.

    Args:
        studies: of the same trial, whatever their judges. The same vote in two of them counts once.

    Raises:
        ValueError: none, different trials, or two different votes of one judge on one picture.
    """
    if not studies:
        raise ValueError("No study to merge. Pass one or more.")
    first = studies[0].trial
    for number, study in enumerate(studies[1:], 1):
        told = [
            f"{name}: {mine!r} in the first, {other!r} in number {number}"
            for name, mine, other in (
                ("methods", first.methods, study.trial.methods),
                ("seed", first.seed, study.trial.seed),
                ("pictures", len(first.shots), len(study.trial.shots)),
            )
            if mine != other
        ]
        if told or first.shots != study.trial.shots:
            raise ValueError(f"These are different trials. {'; '.join(told) or 'They show different pictures'}.")
    kept: dict[tuple[str, int], Vote] = {}
    for vote in (vote for study in studies for vote in study.votes):
        before = kept.setdefault((vote.judge, vote.picture), vote)
        if before != vote:
            raise ValueError(
                f"{vote.judge!r} voted {before.option!r} and {vote.option!r} on picture {vote.picture}. If these are "
                "two people, give one of them another name."
            )
    return Study(first, tuple(kept.values()))
