"""The blind trial's traits without a front end: what the page is told, and that no vote is lost."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camwidget import METHODS, Explainer, Explanation, TrustStudy
from camwidget.explanation import Query
from camwidget.explanation.drawing import display_png
from camwidget.model import Picture
from tests.widget.networks import picture, small_network

PAIR = ("grad_cam", "grad_cam++")
PICTURES = [picture(seed) for seed in range(5)]


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer(small_network(), class_names=["cat", "dog", "emu"])


def page(study: TrustStudy, **state: object) -> None:
    """What a message from the page does."""
    study.set_state(state)


def told(study: TrustStudy) -> str:
    """Everything that the page is sent, as text."""
    return repr({name: study.trait_values()[name] for name in study.keys}) + repr(study)


def names_a_method(text: str) -> bool:
    return any(name in text or METHODS[name].title in text for name in PAIR)


def test_the_page_learns_no_method_before_the_result(explainer: Explainer) -> None:
    study = TrustStudy(explainer, PICTURES)
    for choice in ("left", "right", "same", "left", "left"):
        assert not names_a_method(told(study))
        page(study, answers=[*study.answers, choice])
    assert study.question == {} and study.outcome == {} and not names_a_method(told(study))
    page(study, revealed=True)
    assert [row["title"] for row in study.outcome["rows"]] == ["Grad-CAM", "Grad-CAM++", "Same"]


def test_the_maps_are_those_of_the_plan(explainer: Explainer) -> None:
    study = TrustStudy(explainer, PICTURES, layer="early", seed=1)
    sides = set()
    for _ in PICTURES:
        asked = study.study.remaining("judge 1")[0]
        sides.add(asked.left)
        image = PICTURES[asked.shot.picture]
        for side, method in (("left", asked.left), ("right", asked.right)):
            explanation = explainer.explain(image, method=method, layer="early")
            assert study.question[side] == display_png(explanation, colormap="viridis", opacity=0.6)
            assert explanation.target_name == study.question["class_name"] == explainer.predict(image)[0].name
        assert study.question["left"] != study.question["right"]
        study.answers = [*study.answers, "same"]
    assert sides == set(PAIR)


def test_a_page_without_a_kernel_shows_the_question(explainer: Explainer) -> None:
    study = TrustStudy(explainer, PICTURES[:1])
    bundle = study._repr_mimebundle_()
    assert bundle is not None
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(bundle[0]["image/png"]))))
    left, right, whole = (
        np.asarray(Image.open(io.BytesIO(study.question[side]))) for side in ("left", "right", "picture")
    )
    width = left.shape[1]
    np.testing.assert_array_equal(shown[:, :width], left)
    np.testing.assert_array_equal(shown[:, width + 12 : -width - 12], right)
    np.testing.assert_array_equal(shown[:, -width:], whole)
    study.answers = ["same"]
    bundle = study._repr_mimebundle_()
    assert bundle is not None and "image/png" not in bundle[0]


def test_votes_become_scores_and_undo_takes_the_last_back(explainer: Explainer) -> None:
    study = TrustStudy(explainer, PICTURES[:2])
    first = study.question
    asked = study.study.remaining("judge 1")
    page(study, answers=["left"])
    assert study.question["number"] == 2
    page(study, answers=[])
    assert study.question == first and not study.study.votes
    page(study, answers=["left"])
    page(study, answers=["left", "same"])
    expected = dict.fromkeys(PAIR, 0.0) | {"same": 1.0}
    expected[asked[0].left] = 1.0
    assert {option: score.value for option, score in study.scores.items()} == expected
    page(study, answers=["right", "same"])  # of another view: an earlier answer differs
    assert study.study.votes[0].option == asked[0].right and study.study.votes[1].option == "same"


def test_it_goes_on_where_the_file_ends(explainer: Explainer, tmp_path: Path) -> None:
    path = tmp_path / "ann.json"
    study = TrustStudy(explainer, PICTURES, path=path, judge="ann")
    page(study, answers=["left"])
    page(study, answers=["left", "same"])
    again = TrustStudy(explainer, PICTURES, path=path, judge="ann")
    assert again.answers == ["left", "same"] and again.question == study.question and again.question["number"] == 3
    ben = TrustStudy(explainer, PICTURES, path=path, judge="ben")  # a second judge in the same file
    assert ben.answers == [] and ben.question["number"] == 1
    page(ben, answers=["right"])
    assert TrustStudy.load(path).judges == ("ann", "ben")
    again.save(tmp_path / "ann.csv")
    assert TrustStudy.load(tmp_path / "ann.csv", again.study.trial) == again.study
    assert TrustStudy.merge([again.study, ben.study]) == ben.study
    with pytest.raises(ValueError, match="another trial"):
        TrustStudy(explainer, PICTURES[1:], path=path, judge="ann")


def test_votes_are_final_once_the_result_was_seen(explainer: Explainer) -> None:
    study = TrustStudy(explainer, PICTURES[:2])
    page(study, revealed=True)
    assert not study.revealed and study.outcome == {} and "every question" in study.error
    page(study, answers=["left"])
    assert study.error == ""
    page(study, answers=["left", "left"])
    page(study, revealed=True)
    outcome = study.outcome
    assert outcome["pictures"] == 2 and outcome["judges"] == 1 and sum(row["votes"] for row in outcome["rows"]) == 2
    page(study, answers=["left"])
    assert study.answers == ["left", "left"] and "final" in study.error
    page(study, revealed=False)
    assert study.revealed and study.outcome == outcome


@pytest.mark.parametrize(
    ("answers", "words"), [(["up"], "Choices: left, right, same, skipped"), (["left"] * 3, "every question")]
)
def test_a_wrong_answer_changes_nothing(explainer: Explainer, answers: list[str], words: str) -> None:
    study = TrustStudy(explainer, PICTURES[:2])
    page(study, answers=["same"])
    page(study, answers=answers)
    assert study.answers == ["same"] and len(study.study.votes) == 1 and words in study.error
    assert study.question["number"] == 2


def test_a_vote_counts_though_the_file_cannot_be_written(explainer: Explainer, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    study = TrustStudy(explainer, PICTURES[:2], path=folder / "ann.json")
    (folder / "ann.json").unlink()
    folder.rmdir()
    page(study, answers=["same"])
    assert "was not written" in study.error and len(study.study.votes) == 1 and study.question["number"] == 2
    folder.mkdir()
    page(study, answers=["same", "left"])
    assert study.error == "" and len(TrustStudy.load(folder / "ann.json").votes) == 2


def test_unreadable_pictures_are_left_out_and_listed(explainer: Explainer, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    study = TrustStudy(explainer, [str(tmp_path / "broken.png"), PICTURES[0]])
    assert study.total == 1 and study.skipped[0][0] == "broken.png"
    with pytest.raises(ValueError, match="None of the 1 pictures can be used"):
        TrustStudy(explainer, tmp_path)


def test_maps_that_fail_are_said_without_a_method(explainer: Explainer, monkeypatch: pytest.MonkeyPatch) -> None:
    study = TrustStudy(explainer, PICTURES[:2])

    def fail(*_: object) -> None:
        raise RuntimeError("grad_cam++ and Grad-CAM ran out of memory")

    monkeypatch.setattr(explainer, "answer", fail)
    page(study, answers=["left"])
    assert "out of memory" in study.error and not names_a_method(told(study)) and len(study.study.votes) == 1
    assert study.question["failed"] and study.question["number"] == 2 and study.question["left"] == b""


def test_a_picture_whose_maps_fail_is_skipped_and_counted(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "ann.json"
    study = TrustStudy(explainer, PICTURES[:3], path=path)
    second = study.study.remaining("judge 1")[1].shot.picture
    broken, answer = explainer.picture(PICTURES[second]).key, explainer.answer

    def fails_once(picture: Picture, query: Query) -> Explanation:
        if picture.key == broken:
            raise RuntimeError("out of memory")
        return answer(picture, query)

    monkeypatch.setattr(explainer, "answer", fails_once)
    page(study, answers=["left"])
    assert study.question["failed"] and "out of memory" in study.error
    again = TrustStudy(explainer, PICTURES[:3], path=path)  # opened anew it stands at the same picture
    assert again.question == study.question and again.error == study.error
    page(study, answers=["left", "skipped"])
    assert study.error == "" and study.question["number"] == 3 and not study.question["failed"]
    page(study, answers=["left", "skipped", "same"])
    page(study, revealed=True)
    assert study.outcome["skipped"] == 1 and study.outcome["pictures"] == 2
    assert [row["votes"] for row in study.outcome["rows"]].count(1) == 2
    assert sum(score.value for score in study.scores.values()) == 2
    kept = TrustStudy.load(path)
    assert [vote.picture for vote in kept.votes if vote.choice == "skipped"] == [second]
    study.save(tmp_path / "ann.csv")
    assert TrustStudy.load(tmp_path / "ann.csv", kept.trial) == kept


def test_where_every_picture_was_skipped_there_is_no_result(explainer: Explainer) -> None:
    study = TrustStudy(explainer, PICTURES[:2])
    page(study, answers=["skipped", "skipped"])
    page(study, revealed=True)
    assert not study.revealed and study.outcome == {} and "Every picture was skipped" in study.error


def test_what_is_asked_for_is_checked(explainer: Explainer, tmp_path: Path) -> None:
    image = np.zeros((12, 18, 3), np.uint8)
    with pytest.raises(ValueError, match="two different methods"):
        TrustStudy(explainer, [image], methods=("grad_cam", "grad_cam"))
    with pytest.raises(ValueError, match="is no pair"):
        TrustStudy(explainer, [image], methods=("grad_cam",))
    with pytest.raises(TypeError, match="methods="):
        TrustStudy(explainer, [image], method="grad_cam")
    with pytest.raises(ValueError, match="without a name"):
        TrustStudy(explainer, [image], judge=" ")
    with pytest.raises(ValueError, match="outside the classes"):
        TrustStudy(explainer, [image], target=7)
    for target, message in (("emuu", "no class is called 'emuu'. Classes: cat, dog, emu"), (3, "outside the classes")):
        with pytest.raises(ValueError, match=message):
            TrustStudy(explainer, [image], target=target, path=tmp_path / "ann.json")
    assert not list(tmp_path.iterdir())  # a plan of no class would stand in the way of the right one
    assert TrustStudy(explainer, [image], target="emu").question["class_name"] == "emu"
