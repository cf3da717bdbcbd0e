"""All of a network that a user could see change."""

from typing import Any

import keras
import numpy as np


def parts(model: keras.Model) -> list[Any]:
    """Its layers at any depth, and the operations between them."""
    found = list(model._flatten_layers())
    for nested in list(found):
        found += [each for each in getattr(nested, "operations", ()) if not any(each is other for other in found)]
    return found


def contents(layer: Any) -> dict[str, list[int]]:
    """What is inside the lists, sets and dictionaries that a layer holds."""
    held = {name: value for name, value in vars(layer).items() if isinstance(value, list | set | dict | tuple)}
    return {
        name: [id(item) for item in (value.values() if isinstance(value, dict) else value)]
        for name, value in held.items()
    }


class Snapshot:
    """What a network was; `check_unchanged` says whether it still is, bit for bit.

    Its output and losses, every variable (weights, moving averages, seeds), its configuration, every
    attribute of every layer and operation, and what the containers among these hold.
    """

    def __init__(self, model: keras.Model, inputs: Any) -> None:
        self.model, self.inputs = model, inputs
        self.output = self._outputs()
        self.losses = [float(loss) for loss in model.losses]
        self.variables = [np.array(variable.numpy()) for variable in model.variables]
        self.config = model.get_config() if type(model).__module__.startswith("keras") else None
        self.attributes = {id(part): dict(vars(part)) for part in parts(model)}
        self.contents = [contents(part) for part in parts(model)]
        self.trainable = [layer.trainable for layer in model._flatten_layers()]

    def check_unchanged(self) -> None:
        model = self.model
        assert [float(loss) for loss in model.losses] == self.losses
        for before, after in zip(self.variables, model.variables, strict=True):
            np.testing.assert_array_equal(before, after.numpy())
        assert [layer.trainable for layer in model._flatten_layers()] == self.trainable
        for part in parts(model):
            before, after = self.attributes[id(part)], vars(part)
            assert before.keys() == after.keys(), part.name
            changed = [name for name in before if before[name] is not after[name]]
            assert not changed, (part.name, changed)
        assert [contents(part) for part in parts(model)] == self.contents
        if self.config is not None:
            assert model.get_config() == self.config
        np.testing.assert_array_equal(self._outputs(), self.output)
        self.contents = [contents(part) for part in parts(model)]  # that call made its own list of losses

    def _outputs(self) -> np.ndarray:
        return np.asarray(self.model(self.inputs, training=False))
