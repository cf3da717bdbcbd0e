"""The call printed in the Smooth Grad-CAM++ paper, argument for argument."""

from collections.abc import Iterable, Sequence

from camwidget.model import Model

from .explanation import Explanation
from .notes import announced
from .once import shared_explainer
from .query import check_option, make_query


def grad_cam_plus_smooth(
    model: Model,
    img: object,
    layer_name: str | None = None,
    nsamples: int = 0,
    std_dev: float = 0.15,
    filters: Iterable[int] | int | None = None,
    region: bool = True,
    subset: Sequence[tuple[int, int]] | None = None,
) -> list[Explanation]:
    """Smooth Grad-CAM++ of chosen feature maps and neurons (Omeiza et al. 2019, section 3.3).

    Args:
        model: a Keras 3 network.
        img: the picture, see `Explainer.explain`.
        layer_name: the layer; None: the default one.
        nsamples: noisy copies averaged; 0 gives Grad-CAM++.
        std_dev: standard deviation of the noise, as a share of the picture's range, in [0, 1].
        filters: feature maps; None: the whole layer.
        region: whether `subset` holds two corners of a box, inclusive; False: those neurons only.
        subset: pairs (row, column), an order the paper leaves open; None: all neurons.

    Returns:
        One `Explanation` for each feature map, in the order given; for `filters=None` a single one.

    Raises:
        ValueError: two corners were expected and another number of pairs was given; and as in
            `explain`.

    Example:
        >>> maps = grad_cam_plus_smooth(model, img, layer_name="block5_conv3", nsamples=5, std_dev=0.3,
        ...                             filters=[0], region=True, subset=[(0, 10), (12, 12)])
    """
    if subset is not None and region and len(subset) != 2:
        raise ValueError(
            f"region=True takes the two corners of a box as subset=[(row, column), (row, column)]; {len(subset)} pairs "
            "were given. Pass region=False to choose single neurons."
        )
    chosen = check_option("filters", filters)
    explainer = shared_explainer(model)
    options = dict(
        method="smooth_grad_cam++",
        layer=layer_name,
        samples=nsamples,
        noise=std_dev,
        region=subset if region else None,
        neurons=None if region else subset,
    )
    whole = announced(explainer.watched(explainer.picture(img), make_query(options)), explainer.told, stacklevel=3)
    if chosen is None:
        return [whole]
    return [whole.only(filters=[index]) for index in chosen]
