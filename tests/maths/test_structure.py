"""SSIM against scikit-image; edges by hand."""

import numpy as np
import pytest

from camwidget.maths import edges, structural_similarity

GENERATOR = np.random.default_rng(0)
A, B = GENERATOR.random((23, 31)), GENERATOR.random((23, 31))


def test_as_scikit_image():
    peer = pytest.importorskip("skimage.metrics").structural_similarity
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    mixed = 0.7 * A + 0.3 * B
    for other in (B, mixed, 1 - A):
        _, everywhere = peer(A, other, full=True, **options)
        assert structural_similarity(A, other) == pytest.approx(everywhere[5:-5, 5:-5].mean(), abs=1e-6)


def test_laws():
    assert structural_similarity(A, A) == pytest.approx(1)
    assert structural_similarity(A, B) == pytest.approx(structural_similarity(B, A))
    assert abs(structural_similarity(A, B)) < 0.15
    assert structural_similarity(A, 1 - A) < -0.5


def test_constant_maps_by_hand():
    # no variance: (2 * 0.5 * 1 + C1) / (0.25 + 1 + C1), C1 = 0.0001
    found = structural_similarity(np.full((12, 14), 0.5), np.ones((12, 14)))
    assert found == pytest.approx(1.0001 / 1.2501)


def test_a_map_smaller_than_the_window():
    small = GENERATOR.random((4, 7))
    assert structural_similarity(small, small) == pytest.approx(1)
    with pytest.raises(ValueError, match=r"shapes \(4, 7\) and \(23, 31\)"):
        structural_similarity(small, A)


def test_a_step_has_one_edge():
    picture = np.zeros((5, 6, 3), np.uint8)
    picture[:, 3:] = 10
    steep = edges(picture)
    # Sobel across: (1 + 2 + 1) * 10 on either side of the step, 0 elsewhere
    np.testing.assert_allclose(steep, np.tile([0, 0, 40, 40, 0, 0], (5, 1)))
    np.testing.assert_allclose(edges(picture.transpose(1, 0, 2)), steep.T)
    assert not edges(np.full((4, 5, 1), 7.0)).any()
