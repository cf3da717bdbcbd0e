"""The methods: each is one record. Menu, tests and tables follow from it.

A CAM method says how it weighs what was measured at a layer: its map is relu(sum_c weights * A),
Grad-CAM's equation 2. A pixel method says by which rules the score is differentiated back to the
picture. A product does both, and its map is the one times the other.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from . import weights as rules
from .evidence import Evidence
from .weights import Weights

Measured = Literal["class_weights", "derivatives", "masked_scores", "ablated_scores"]


@dataclass(frozen=True)
class Backward:
    """How a score is differentiated back to the picture.

    Attributes:
        relu: the rule for what a ReLU hands back: its derivative ("plain"), only what is positive and
            met a positive input ("guided"), or whatever is positive ("deconvnet").
        path: whether the derivative is averaged along the straight line from a baseline to the
            picture and multiplied with their difference.
    """

    relu: Literal["plain", "guided", "deconvnet"] = "plain"
    path: bool = False


@dataclass(frozen=True)
class Method:
    """One way to explain a score.

    Attributes:
        name: the value of `method=`.
        title: as people read it.
        formula: the weights, or the pixels, in one line.
        source: paper and equation numbers, and where this differs.
        cost: what it takes, in words.
        weigh: evidence -> weights, broadcastable to (h, w, c); None for pixel methods.
        measures: what `weigh` needs beside the activations.
        backward: the rules for pixels; None for CAM methods.
        samples: noisy copies averaged where the caller names no number.
        alphas: evidence -> the coefficients (h, w, c) within its weights, for methods that have such.
    """

    name: str
    title: str
    formula: str
    source: str
    cost: str
    weigh: Callable[[Evidence], Weights] | None = None
    measures: Measured = "derivatives"
    backward: Backward | None = None
    samples: int = 0
    alphas: Callable[[Evidence], Weights] | None = None

    @property
    def takes_noise(self) -> bool:
        """Whether derivatives are taken, which noisy copies can be averaged over."""
        return self.backward is not None or self.measures == "derivatives"

    @property
    def selects_target(self) -> bool:
        """Whether chosen filters and neurons are what is explained, not what the map is made of."""
        return self.weigh is None


_BACK = "one pass forward, one back to the layer"
_BACK_TO_PICTURE = "one pass forward and back to the picture"

_GRAD_CAM = Method(
    name="grad_cam",
    title="Grad-CAM",
    formula="w_c = mean over i,j of dS/dA_ijc",
    source="Selvaraju et al. 2017, eq. 1 and 2.",
    cost=_BACK,
    weigh=rules.grad_cam,
)
_GRAD_CAM_PLUS_PLUS = Method(
    name="grad_cam++",
    title="Grad-CAM++",
    formula="alpha = D2 / (2 D2 + (sum_ab A_ab) D3); w_c = sum_ij alpha relu(D1)",
    source="Chattopadhay et al. 2018, eq. 5, 9 and 10, with Y = exp(S) (eq. 11 to 13): "
    "D_n = Y g^n with g = dS/dA; the factor Y is left out of the weights. The paper takes the softmax for Y: "
    "derivatives='softmax'.",
    cost=_BACK,
    weigh=rules.grad_cam_plus_plus,
    alphas=rules.alphas,
)

_CAM_METHODS = (
    Method(
        name="cam",
        title="CAM",
        formula="w_c = the class's weight of filter c behind global average pooling",
        source="Zhou et al. 2016, eq. 2. The map is passed through a ReLU like the others; "
        "`signed` keeps the sum as the paper has it.",
        cost="one pass forward",
        weigh=rules.cam,
        measures="class_weights",
    ),
    _GRAD_CAM,
    _GRAD_CAM_PLUS_PLUS,
    replace(
        _GRAD_CAM_PLUS_PLUS,
        name="smooth_grad_cam++",
        title="Smooth Grad-CAM++",
        formula="as Grad-CAM++, with D1, D2 and D3 each averaged over noisy copies",
        source="Omeiza et al. 2019, eq. 7 and 8. A is that of the clean picture; every copy weighs the same "
        "(sample_weights='score': as its own Y).",
        cost="one pass forward and back for each copy",
        samples=20,  # between the paper's own call (5) and SmoothGrad's recommendation (50)
    ),
    Method(
        name="layer_cam",
        title="LayerCAM",
        formula="w_ijc = relu(dS/dA_ijc)",
        source="Jiang et al. 2021, section 3. The sum is passed through a ReLU, as printed; the authors' code leaves "
        "it out, which makes no difference behind a ReLU.",
        cost=_BACK,
        weigh=rules.layer_cam,
    ),
    Method(
        name="hires_cam",
        title="HiResCAM",
        formula="w_ijc = dS/dA_ijc",
        source="Draelos and Carin 2020, section 3. The paper keeps the sign: `signed`; the map is passed through a "
        "ReLU.",
        cost=_BACK,
        weigh=rules.hires_cam,
    ),
    Method(
        name="xgrad_cam",
        title="XGrad-CAM",
        formula="w_c = sum_ij (dS/dA_ijc) A_ijc / sum_ij A_ijc",
        source="Fu et al. 2020, section 3. A filter whose activations add up to 0 weighs nothing.",
        cost=_BACK,
        weigh=rules.xgrad_cam,
    ),
    Method(
        name="score_cam",
        title="Score-CAM",
        formula="w_c = softmax over the filters of S(picture * mask_c), mask_c = A_c enlarged and stretched to [0, 1]",
        source="Wang et al. 2020, eq. 6 to 10, and the softmax of its algorithm 1, which the authors' code leaves out. "
        "The baseline's score cancels in it. The paper calls S a logit there and a probability in section 3.2: here it "
        "is what score= says, by default the logit. The mask multiplies what the network takes, after preprocessing, "
        "as in the authors' code. A filter that is the same everywhere has no mask and weighs nothing.",
        cost="one pass forward for each filter",
        weigh=rules.score_cam,
        measures="masked_scores",
    ),
    Method(
        name="ablation_cam",
        title="Ablation-CAM",
        formula="w_c = (S - S without filter c) / |S|",
        source="Desai and Ramaswamy 2020, section 3. Divided by |S|: with S itself a negative score would turn every "
        "sign. Nothing is divided where S is 0.",
        cost="one pass through the tail for each filter",
        weigh=rules.ablation_cam,
        measures="ablated_scores",
    ),
)

_PIXEL_METHODS = (
    Method(
        name="gradient",
        title="Gradient",
        formula="dS/dx",
        source="Simonyan et al. 2013, section 3, eq. 4. The map adds up the colours' absolute values; the paper takes "
        "the largest of them.",
        cost=_BACK_TO_PICTURE,
        backward=Backward(),
    ),
    Method(
        name="smooth_grad",
        title="SmoothGrad",
        formula="dS/dx, averaged over noisy copies",
        source="Smilkov et al. 2017, section 2.2. The signed derivatives are averaged, then their absolute values "
        "taken.",
        cost="one pass forward and back for each copy",
        backward=Backward(),
        samples=50,  # the paper: little is gained beyond
    ),
    Method(
        name="guided_backprop",
        title="Guided backprop",
        formula="dS/dx, where each ReLU hands back only what is positive and met a positive input",
        source="Springenberg et al. 2014, figure 1.",
        cost=_BACK_TO_PICTURE,
        backward=Backward("guided"),
    ),
    Method(
        name="deconvnet",
        title="Deconvnet",
        formula="dS/dx, where each ReLU hands back whatever is positive",
        source="Zeiler and Fergus 2014, section 2.1. Maximum pooling hands back to where the maximum was.",
        cost=_BACK_TO_PICTURE,
        backward=Backward("deconvnet"),
    ),
    Method(
        name="integrated_gradients",
        title="Integrated gradients",
        formula="(x - baseline) * mean of dS/dx along the straight line from the baseline to x",
        source="Sundararajan et al. 2017, eq. 1; by the midpoints of equal steps, where eq. 3 takes their ends. The "
        "values add up to S(x) - S(baseline) (proposition 1): where they miss it by more than 1 %, the pieces of the "
        "line that miss most are divided.",
        cost="one pass forward and back for each step, 50 or more",
        backward=Backward(path=True),
    ),
)


def _guided(method: Method) -> Method:
    return replace(
        method,
        name=f"guided_{method.name}",
        title=f"Guided {method.title}",
        formula=f"the enlarged map of {method.title} * guided backprop",
        source=f"Selvaraju et al. 2017, section 3.2; {method.source}",
        cost="as both of its factors",
        backward=Backward("guided"),
    )


METHODS: dict[str, Method] = {
    method.name: method for method in (*_CAM_METHODS, *_PIXEL_METHODS, _guided(_GRAD_CAM), _guided(_GRAD_CAM_PLUS_PLUS))
}
