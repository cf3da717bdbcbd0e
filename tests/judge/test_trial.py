"""The blind trial: who is asked what, how votes are scored, and that nothing is lost on the way."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camwidget.judge.trial import (
    Shot,
    Study,
    Trial,
    Vote,
    best_classes,
    by_class,
    choose,
    load,
    merge,
    plot_scores,
    save,
    scores,
)

METHODS = ("grad_cam", "grad_cam++")
SHOTS = tuple(Shot(10 * n, f"picture {n}", "cat" if n < 120 else "dog") for n in range(200))
TRIAL = Trial(METHODS, SHOTS, seed=3)
SMALL = Trial(METHODS, SHOTS[:3])


def vote(judge: str, picture: int, option: str) -> Vote:
    choice = "same" if option == "same" else "left" if option == METHODS[0] else "right"
    return Vote(judge, picture, *METHODS, choice)


def test_every_picture_once_in_the_judges_own_order_and_sides():
    ann, ben = TRIAL.questions("ann"), TRIAL.questions("ben")
    assert sorted(q.shot.picture for q in ann) == [shot.picture for shot in SHOTS]
    assert ann == TRIAL.questions("ann") and ann != ben
    assert [q.shot for q in ann] != [q.shot for q in ben]
    assert ann != Trial(METHODS, SHOTS, seed=4).questions("ann")
    for judged in (ann, ben):
        sides = Counter((q.left, q.right) for q in judged)
        assert set(sides) == {METHODS, METHODS[::-1]}
        assert 70 < sides[METHODS] < 130  # 100 +- 4 standard deviations of 7
        order = np.array([q.shot.picture for q in judged])
        swapped = np.array([q.left == METHODS[1] for q in judged])
        assert abs(np.corrcoef(order, swapped)[0, 1]) < 0.3 and abs(np.corrcoef(order, np.arange(200))[0, 1]) < 0.3


def test_scores_by_hand():
    votes = [
        *(vote(judge, 0, METHODS[1]) for judge in "abc"),  # 3 of 4 for ++
        vote("d", 0, METHODS[0]),
        vote("a", 10, "same"),  # 1 of 2
        vote("b", 10, METHODS[1]),
    ]
    found = scores(Study(SMALL, tuple(votes)))
    assert {option: found[option].value for option in found} == {"grad_cam": 0.25, "grad_cam++": 1.25, "same": 0.5}
    assert found["same"].size == 2  # the third picture has no vote and no point
    assert found["grad_cam++"].low == 1.0 and found["grad_cam++"].high == 1.5  # twice the one or twice the other


def test_scores_add_up_to_the_pictures_and_do_not_depend_on_sides():
    generator = np.random.default_rng(0)
    study = Study(TRIAL)
    for judge in ("ann", "ben", "cem"):
        for _ in range(60):
            study = study.voted(judge, ("left", "right", "same")[generator.integers(3)])
    found = scores(study)
    voted = len({each.picture for each in study.votes})
    assert sum(each.value for each in found.values()) == pytest.approx(voted)
    mirror = {"left": "right", "right": "left", "same": "same"}
    swapped = tuple(Vote(v.judge, v.picture, v.right, v.left, mirror[v.choice]) for v in study.votes)
    assert scores(Study(TRIAL, swapped)) == found
    classes = by_class(study)
    for option, whole in found.items():
        assert sum(part[option].value for part in classes.values()) == pytest.approx(whole.value)


def test_what_was_skipped_is_kept_and_has_no_point():
    skipped = Vote("a", 10, *METHODS, "skipped")
    study = Study(SMALL, (vote("a", 0, METHODS[1]), skipped, vote("b", 10, "same"), Vote("a", 20, *METHODS, "skipped")))
    found = scores(study)  # the second picture's point goes to the judge who saw it, the third has none
    assert {option: found[option].value for option in found} == {"grad_cam": 0, "grad_cam++": 1, "same": 1}
    assert found["same"].size == 2 and study.progress("a") == (3, 3) and skipped.option == "skipped"
    with pytest.raises(ValueError, match="No votes yet, or skipped pictures alone"):
        by_class(Study(SMALL, (skipped,)))


def test_a_figure_of_scores():
    votes = (vote("a", 0, METHODS[1]), vote("a", 10, METHODS[1]), vote("a", 20, "same"), vote("b", 0, "same"))
    studies = {"a": Study(SMALL, votes[:3]), "both": Study(SMALL, votes)}
    (axes,) = plot_scores(studies).axes
    drawn = {str(line.get_label()): np.asarray(line.get_xdata()) for line in axes.get_lines()}
    np.testing.assert_allclose(drawn["Grad-CAM++"], [200 / 3, 50])  # 2 of 3 points; a half and a whole one of 3
    np.testing.assert_allclose(drawn["the same"], [100 / 3, 50])
    assert not drawn["Grad-CAM"].any()
    with pytest.raises(ValueError, match="2 studies were given. Pass one or more, all of the same two methods"):
        plot_scores(studies | {"both": Study(Trial(("cam", "grad_cam"), SHOTS))})


def test_the_papers_arithmetic():
    # 13 judges, 250 pictures: any distribution of votes sums to 250, as 109.69 + 56.08 + 84.23 do
    assert 109.69 + 56.08 + 84.23 == pytest.approx(250)
    trial = Trial(METHODS, tuple(Shot(n, str(n), "k") for n in range(250)))
    votes = tuple(
        vote(f"judge {j}", n, (METHODS[1], METHODS[0], "same")[(j * 7 + n) % 3]) for n in range(250) for j in range(13)
    )
    assert sum(each.value for each in scores(Study(trial, votes)).values()) == pytest.approx(250)


def test_it_goes_on_where_it_was(tmp_path: Path):
    study = Study(TRIAL).voted("ann", "left").voted("ben", "same").voted("ann", "right")
    assert study.progress("ann") == (2, 200) and study.progress("new") == (0, 200)
    assert study.judges == ("ann", "ben")
    asked = TRIAL.questions("ann")
    assert study.votes[0].picture == asked[0].shot.picture and study.votes[0].option == asked[0].left
    assert study.votes[2].option == asked[1].right
    for name in ("study.json", "votes.csv"):
        save(study, tmp_path / name)
        again = load(tmp_path / name, TRIAL)
        assert again == study
        assert again.remaining("ann") == asked[2:]
    assert load(tmp_path / "study.json").trial == TRIAL
    assert not list(tmp_path.glob("*.part"))


def test_an_answer_is_taken_back():
    study = Study(SMALL).voted("ann", "left").voted("ben", "left").voted("ann", "same")
    back = study.undone("ann")
    assert back.progress("ann") == (1, 3) and back.progress("ben") == (1, 3)
    assert back.voted("ann", "right").votes[-1].picture == study.votes[-1].picture
    with pytest.raises(ValueError, match="'eve' has answered nothing yet"):
        study.undone("eve")
    for _ in range(2):
        back = back.voted("ann", "left")
    with pytest.raises(ValueError, match="'ann' has answered every question"):
        back.voted("ann", "left")
    with pytest.raises(ValueError, match="No choice 'both'. Choices: left, right, same, skipped"):
        study.voted("ann", "both")


def test_judges_are_merged():
    ann, ben = Study(TRIAL).voted("ann", "left").voted("ann", "same"), Study(TRIAL).voted("ben", "right")
    both = merge([ann, ben, ann])
    assert both.judges == ("ann", "ben") and len(both.votes) == 3
    assert scores(both) == scores(merge([ben, ann]))
    with pytest.raises(ValueError, match="'ann' voted '.*' and 'same' on picture .* two people"):
        merge([ann, Study(TRIAL).voted("ann", "same")])
    with pytest.raises(ValueError, match="different trials. seed: 3 in the first, 4 in number 1"):
        merge([ann, Study(Trial(METHODS, SHOTS, 4))])
    with pytest.raises(ValueError, match="They show different pictures"):
        merge([ann, Study(Trial(METHODS, (Shot(1, "x", "cat"), *SHOTS[1:]), 3))])
    with pytest.raises(ValueError, match="No study to merge"):
        merge([])


def test_classes_by_f1_and_pictures_by_seed():
    labels = np.array([0] * 10 + [1] * 10 + [2] * 10 + [3] * 4)
    predicted = labels.copy()
    predicted[:5], predicted[10] = 1, 0  # class 0 loses five to class 1
    # F1: 10/16 for 0 (5 right, 1 wrong, 5 missed), 18/24 for 1, 1 for 2 and 3
    assert best_classes(labels, predicted, classes=6) == [2, 3, 1, 0]
    assert best_classes(labels, predicted, classes=6, count=2) == [2, 3]
    numbers = choose(labels, [2, 3], per_class=6, seed=1)
    assert [int(labels[n]) for n in numbers] == [2] * 6 + [3] * 4 and len(set(numbers)) == 10
    assert numbers == choose(labels, [2, 3], per_class=6, seed=1) != choose(labels, [2, 3], per_class=6, seed=2)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Trial(("cam", "cam"), SHOTS), "two different methods"),
        (lambda: Trial(("cam", "grad"), SHOTS), "No method 'grad'"),
        (lambda: Trial(METHODS, ()), "without pictures"),
        (lambda: Trial(METHODS, (SHOTS[0], SHOTS[0])), "Picture 0 is in the trial more than once"),
        (lambda: TRIAL.questions(" "), "A judge without a name"),
        (lambda: scores(Study(TRIAL)), "No votes yet"),
        (lambda: by_class(Study(TRIAL)), "No votes yet"),
        (lambda: Study(TRIAL, (vote("a", 0, "same"),) * 2), "'a' voted twice on picture 0"),
        (lambda: Study(TRIAL, (Vote("a", 0, "cam", "grad_cam", "left"),)), "comes from another trial"),
        (lambda: Study(TRIAL, (vote("a", 7, "same"),)), "picture 7, which is not in this trial"),
        (lambda: best_classes(np.array([0]), np.array([0, 1]), classes=2), "1 labels and 2 predictions"),
        (lambda: best_classes(np.array([5]), np.array([1]), classes=2), "Class 5 is outside the 2 classes"),
        (lambda: best_classes(np.array([1]), np.array([1]), classes=2, count=0), "count=0 is below 1"),
        (lambda: choose(np.array([0, 1]), [2]), "No picture has label 2"),
        (lambda: choose(np.array([0, 1]), [1], per_class=0), "per_class=0 is below 1"),
    ],
)
def test_what_is_refused(make: Any, message: str):
    with pytest.raises(ValueError, match=message):
        make()


def test_files_that_are_refused(tmp_path: Path):
    study = Study(TRIAL).voted("ann", "left")
    for name in ("s.json", "s.csv"):
        save(study, tmp_path / name)
    with pytest.raises(ValueError, match="neither .json nor .csv"):
        save(study, tmp_path / "s.xlsx")
    with pytest.raises(ValueError, match="Pass trial=, or open the JSON file"):
        load(tmp_path / "s.csv")
    with pytest.raises(ValueError, match="of another trial than trial="):
        load(tmp_path / "s.json", SMALL)
    renamed = Trial(METHODS, tuple(Shot(s.picture, "other", s.class_name) for s in SHOTS))
    with pytest.raises(ValueError, match="line 2: picture .* is 'picture .*' there and 'other' in the trial"):
        load(tmp_path / "s.csv", renamed)
    (tmp_path / "bad.csv").write_text("judge,picture\nann,0\n")
    with pytest.raises(ValueError, match="is no table of votes: it lacks name, class_name"):
        load(tmp_path / "bad.csv", TRIAL)
    (tmp_path / "odd.csv").write_text((tmp_path / "s.csv").read_text().replace(str(study.votes[0].picture), "x", 1))
    with pytest.raises(ValueError, match="line 2: 'x' is no picture"):
        load(tmp_path / "odd.csv", TRIAL)
    for text in ("{", "[]", '{"trial": {}}'):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(ValueError, match="is no study"):
            load(tmp_path / "bad.json")
