"""One picture explained in one call."""

from collections import OrderedDict

from camwidget.model import Model, Preprocess

from .explainer import Explainer
from .explanation import Explanation
from .notes import announced
from .prediction import ClassNames, listed_names
from .query import make_query, takes_query

# Explainers of the networks used last, by identity; each holds its network, so an identity cannot
# be taken over by another one while it is here.
_RECENT: OrderedDict[int, tuple[Explainer, object]] = OrderedDict()


@takes_query
def explain(
    model: Model,
    image: object,
    *,
    preprocess: str | Preprocess | None = "auto",
    class_names: ClassNames | None = None,
    **options: object,
) -> Explanation:
    """Explain one picture in one call: `Explainer(model).explain(image, ...)`.

    The compiled functions of the two networks used last are kept between calls.

    Args:
        model: a Keras 3 network that takes one picture and gives one vector of class scores.
        image: path, PIL image, array or tensor, see `Explainer.explain`.
        preprocess: see `Explainer`.
        class_names: see `Explainer`.
        **options: see `Query`.

    Returns:
        An `Explanation`.

    Example:
        >>> explanation = explain(samples.network(), samples.scene(7).image)
        >>> explanation.plot()
    """
    explainer = shared_explainer(model, preprocess=preprocess, class_names=class_names)
    query = make_query(options)
    return announced(explainer.watched(explainer.picture(image, query.input), query), explainer.told, stacklevel=3)


def shared_explainer(
    model: Model, *, preprocess: str | Preprocess | None = "auto", class_names: ClassNames | None = None
) -> Explainer:
    """The explainer of a network that was used lately with the same settings, or a new one.

    So a cell that is run again compiles nothing again and keeps one cache, not one for each run.
    """
    setting = (preprocess, listed_names(class_names))
    explainer, kept = _RECENT.pop(id(model), (None, None))
    if explainer is None or kept != setting:
        explainer = Explainer(model, preprocess=preprocess, class_names=class_names)
    _RECENT[id(model)] = explainer, setting
    while len(_RECENT) > 2:
        _RECENT.popitem(last=False)
    return explainer
