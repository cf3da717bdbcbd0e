"""Build the material and train the sample networks: `python -m camwidget.samples.train`.

Needs scikit-learn and scikit-image (the pictures inside their wheels) besides Keras. Scenes are painted afresh all the
time, in processes of their own, so a network sees every picture once. Seeded: the same pictures in the same order.
"""

import argparse
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, UInt8
from tqdm import tqdm

from .material import CLASS_NAMES, FOLDER
from .networks import NETWORK_NAMES, network
from .scenes import digit, scene

Batch = tuple[UInt8[np.ndarray, "n height width channels"], Float32[np.ndarray, "n classes"]]

BATCH_SIZE = 64
BATCHES_PER_EPOCH = 64
BATCHES_AHEAD = 16  # painted while the network is still busy with earlier ones
TWO_CLASS_SHARE = 0.25  # of training scenes: enough for both classes to be seen, while one class stays the rule
FIRST_TRAINING_SEED = 1_000_000_000  # far from the small seeds of tests and course
NUM_MEASURED = 2000  # held-out pictures


@dataclass(frozen=True)
class Recipe:
    """How one network is trained.

    architecture: the name of a function in `architectures.py`.
    batch: (first seed, number of pictures) -> pictures in 0..255 and the share of each class in them.
    epochs: of BATCHES_PER_EPOCH batches. learning_rate: the highest, after warming up and before cosine decay.
    """

    architecture: str
    batch: Callable[[int, int], Batch]
    epochs: int
    learning_rate: float


def scene_batch(first_seed: int, size: int) -> Batch:
    """Training scenes, and the share of each class: 0.5 and 0.5 where two classes are in the picture."""
    scenes = [scene(seed, _digits(seed), held_out=False) for seed in range(first_seed, first_seed + size)]
    present = np.array([np.isin(range(len(CLASS_NAMES)), painted.labels) for painted in scenes])
    shares = present / present.sum(axis=1, keepdims=True)
    return np.stack([painted.image for painted in scenes]), shares.astype(np.float32)


def digit_batch(first_seed: int, size: int) -> Batch:
    """Training digits, each moved by up to two pixels, and their classes, one-hot."""
    digits = [digit(seed, held_out=False) for seed in range(first_seed, first_seed + size)]
    moves = np.random.default_rng(first_seed).integers(-2, 3, size=(size, 2)).tolist()
    images = [np.roll(drawn.image, move, axis=(0, 1)) for drawn, move in zip(digits, moves, strict=True)]
    return np.stack(images), np.eye(len(CLASS_NAMES), dtype=np.float32)[[drawn.label for drawn in digits]]


RECIPES = {
    "scenes": Recipe("scenes_network", scene_batch, epochs=36, learning_rate=3e-3),
    "scenes_gap": Recipe("scenes_gap_network", scene_batch, epochs=26, learning_rate=3e-3),
    "digits": Recipe("digits_network", digit_batch, epochs=12, learning_rate=3e-3),
}


def train(name: str, recipe: Recipe, *, seed: int = 0, workers: int = 1) -> None:
    """Train one network and save it beside this file as `{name}.keras`."""
    import keras

    from . import architectures
    from .slim import save_slim

    keras.utils.set_random_seed(seed)
    trained, plain = (getattr(architectures, recipe.architecture)() for _ in range(2))
    num_batches = recipe.epochs * BATCHES_PER_EPOCH
    warm_up = num_batches // 20
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 20, num_batches - warm_up, warmup_target=recipe.learning_rate, warmup_steps=warm_up
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=1e-2)  # pyright: ignore[reportArgumentType]  # takes schedules
    trained.compile(optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
    batches = fresh_batches(recipe.batch, num_batches, FIRST_TRAINING_SEED * (seed + 1), workers)
    with tqdm(total=recipe.epochs, desc=name, unit="epoch") as bar:
        progress = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: _advance(bar, logs))
        trained.fit(  # the batches are random already: shuffling a generator draws a warning
            batches,
            epochs=recipe.epochs,
            steps_per_epoch=BATCHES_PER_EPOCH,
            shuffle=False,
            verbose=0,
            callbacks=[progress],
        )
    plain.set_weights(trained.get_weights())  # without the optimizer's state
    save_slim(plain, FOLDER / f"{name}.keras")


def fresh_batches(
    batch: Callable[[int, int], Batch], num_batches: int, first_seed: int, workers: int
) -> Iterator[Batch]:
    """Yield batches in the order of their seeds, painted in other processes while the caller works on earlier ones."""
    context = multiprocessing.get_context("spawn")  # a forked TensorFlow may hang
    with ProcessPoolExecutor(workers, context) as pool:
        waiting: deque[Future[Batch]] = deque()
        for number in range(num_batches):
            waiting.append(pool.submit(batch, first_seed + number * BATCH_SIZE, BATCH_SIZE))
            if len(waiting) > BATCHES_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def accuracy(name: str, num_pictures: int = NUM_MEASURED) -> float:
    """The share of held-out pictures of one class that the shipped network names rightly, for seeds from 0."""
    images, labels = zip(*(_picture(name, seed) for seed in range(num_pictures)), strict=True)
    scores = network(name).predict(np.stack(images), verbose=0)  # pyright: ignore[reportArgumentType]  # takes numbers
    return float((scores.argmax(axis=1) == labels).mean())


def main(arguments: Sequence[str] | None = None) -> None:
    """The command: build the material, then train all networks or the one named by --only."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("material", *NETWORK_NAMES), help="build or train this only")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's own number")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="processes that paint scenes")
    options = parser.parse_args(arguments)
    if options.only in (None, "material"):
        from .collect import collect

        collect(options.seed)
    for name in NETWORK_NAMES if options.only is None else [options.only] if options.only in NETWORK_NAMES else []:
        recipe = RECIPES[name] if options.epochs is None else replace(RECIPES[name], epochs=options.epochs)
        train(name, recipe, seed=options.seed, workers=options.workers)
        tqdm.write(f"{name}: {accuracy(name):.2%} of {NUM_MEASURED} held-out pictures")


def _digits(seed: int) -> list[int] | None:
    """Two classes for some of the training scenes: one to three digits of each. None: leave the choice to `scene`."""
    rng = np.random.default_rng([seed, 2])  # 2: a stream apart from the scene's own
    if rng.uniform() >= TWO_CLASS_SHARE:
        return None
    classes = rng.choice(len(CLASS_NAMES), size=2, replace=False)
    return np.repeat(classes, rng.integers(1, 3, size=2)).tolist()


def _picture(name: str, seed: int) -> tuple[UInt8[np.ndarray, "height width channels"], int]:
    """A held-out picture for a network, and its class."""
    if name == "digits":
        drawn = digit(seed)
        return drawn.image, drawn.label
    painted = scene(seed)
    return painted.image, painted.labels[0]


def _advance(bar: tqdm, logs: dict[str, float]) -> None:
    bar.set_postfix({name: f"{value:.3f}" for name, value in logs.items()})
    bar.update()


if __name__ == "__main__":
    main()
