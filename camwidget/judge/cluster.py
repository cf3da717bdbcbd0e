"""Chunks of pictures spread over the workers of a dask.distributed cluster, each of which loads the network once."""

import os
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import keras

from camwidget.explanation import Explainer
from camwidget.model import Preprocess

from .optional import imported
from .plan import Chunk, Plan
from .rows import Result
from .scoring import score

# Chunks under way for each of the cluster's threads: one at work, one waiting. So few are in memory.
_AHEAD = 2

# How long the cluster may be without any worker, in seconds: time enough for a new one to start.
PATIENCE = 60.0

# How often it is asked whether it is alive, in seconds.
_ROUND = 1.0


class ClusterLost(RuntimeError):
    """The cluster is gone.

    Attributes:
        evaluation: of the pictures that were done by then; None where there are none.
    """

    evaluation: Any = None


@dataclass(frozen=True, eq=False)
class Parcel:
    """A network on its way to the workers.

    Attributes:
        key: of this parcel alone: the same weights may come again with another preprocess or other names.
        archive: the network as a .keras file.
        preprocess: see `Explainer`.
        class_names: see `Explainer`.
    """

    key: str
    archive: bytes
    preprocess: str | Preprocess | None
    class_names: tuple[str, ...] | None


def spread(
    client: Any, explainer: Explainer, plan: Plan, todo: Iterator[Chunk], keep: Callable[[Result], None]
) -> None:
    """Work on all chunks, in whatever order they are done; a chunk of a worker that dies is done by another.

    Args:
        client: of dask.distributed.
        explainer: of the network.
        plan: what every picture is asked.
        todo: chunks, read as workers become free.
        keep: called here with each result.

    Raises:
        ClusterLost: the scheduler does not answer, or there was no worker for a minute.
        TypeError, ValueError: as in one process; the client is none; the network cannot be sent.
    """
    distributed = imported("distributed", "client=", "cluster")
    comm = imported("distributed.comm", "client=", "cluster")
    if not isinstance(client, distributed.Client):
        raise TypeError(f"client= takes a dask.distributed Client, not {type(client).__name__}.")
    watch = _Watch(client)
    pending: dict[Any, int] = {}
    done = 0
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            # A task, not scattered data: if its worker dies, the scheduler can make it again.
            sent = packed(explainer)
            parcel = client.submit(_opened, sent, key=f"camwidget-network-{sent.key}")
            more = True
            while more or pending:
                while more and len(pending) < _AHEAD * max(1, watch.threads()):
                    chunk = next(todo, None)
                    if chunk is None:
                        more = False
                    else:
                        pending[client.submit(_score, parcel, plan, chunk, pure=False)] = chunk.number
                for future in _finished(distributed, pending, watch):
                    keep(_result(future, pending.pop(future), watch))
                    done += 1
    except (comm.CommClosedError, distributed.TimeoutError, TimeoutError, distributed.CancelledError) as error:
        raise watch.lost(f"{type(error).__name__}: {error}", done) from error
    except ClusterLost as error:
        raise watch.lost(str(error), done) from error
    finally:
        if client.status == "running":
            client.cancel(list(pending), force=True)


def packed(explainer: Explainer) -> Parcel:
    """The network as workers can load it.

    Raises:
        ValueError: Keras cannot save it, or not load it again.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.keras")
        try:
            with warnings.catch_warnings():
                # Keras reads TensorFlow's variables in a way that NumPy 2 deprecates.
                warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
                explainer.model.save(path)
            keras.saving.load_model(path, compile=False, safe_mode=False)
        # save() of a layer that does not say what it was made of; load_model() of a class that is not registered, or
        # that needs more than it says; weights that do not fit the network that was loaded.
        except (NotImplementedError, TypeError, ValueError) as error:
            raise ValueError(
                f"The network cannot be sent to the workers: Keras does not save and load it ({error}). Register its "
                "classes with keras.saving.register_keras_serializable, in a module that the workers can import."
            ) from error
        with open(path, "rb") as file:
            archive = file.read()
    return Parcel(uuid4().hex, archive, explainer.preprocess, explainer.given_names)


class _Watch:
    """Whether a cluster is alive, and how many threads it has."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._seen = time.monotonic()

    def threads(self) -> int:
        """Of all workers; 0 where none is there at the moment."""
        if self._client.status != "running":
            raise ClusterLost(f"the client is {self._client.status}")
        count = sum(self._client.nthreads().values())
        now = time.monotonic()
        if count:
            self._seen = now
        elif now - self._seen > PATIENCE:
            raise ClusterLost(f"it had no worker for {PATIENCE:.0f} seconds")
        return count

    def lost(self, why: str, done: int) -> ClusterLost:
        return ClusterLost(
            f"The cluster is gone ({why}). {done} chunks were done here and are kept: with out= the same call goes on "
            "from there, on another cluster or without one; otherwise they are in the error's .evaluation."
        )


def _finished(distributed: Any, pending: Sequence[Any] | dict[Any, int], watch: _Watch) -> list[Any]:
    if not pending:
        return []
    try:
        distributed.wait(list(pending), timeout=_ROUND, return_when="FIRST_COMPLETED")
    except (distributed.TimeoutError, TimeoutError):
        watch.threads()  # raises where nobody is there any more
    return [future for future in pending if future.done()]


def _result(future: Any, number: int, watch: _Watch) -> Result:
    if future.status == "cancelled":
        raise ClusterLost(f"chunk {number} was cancelled")
    if future.status == "lost":
        watch.threads()
        raise ClusterLost(f"chunk {number} was lost")
    try:
        return future.result()
    except Exception as error:
        if type(error).__name__ == "KilledWorker":
            raise ClusterLost(f"chunk {number} was given up after its workers died: {error}") from error
        raise


# -- on the workers ------------------------------------------------------------------------------

_LOADED: dict[str, Explainer] = {}
_LOCK = threading.Lock()


def _opened(parcel: Parcel) -> Parcel:
    return parcel


def _score(parcel: Parcel, plan: Plan, chunk: Chunk) -> Result:
    return score(_explainer(parcel), plan, chunk)


def _explainer(parcel: Parcel) -> Explainer:
    """The network of a parcel, loaded when it is first asked for and kept by the worker."""
    with _LOCK:
        if parcel.key not in _LOADED:
            _keep_to_own_threads()
            _LOADED.clear()  # one network at a time
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "network.keras")
                with open(path, "wb") as file:
                    file.write(parcel.archive)
                model = keras.saving.load_model(path, compile=False, safe_mode=False)
            names = parcel.class_names
            _LOADED[parcel.key] = Explainer(model, preprocess=parcel.preprocess, class_names=names)  # type: ignore[arg-type] # it was one
        return _LOADED[parcel.key]


def _keep_to_own_threads() -> None:
    """TensorFlow takes every core of a machine; a worker has as many as it was given."""
    worker = imported("distributed", "client=", "cluster").get_worker()
    count = str(worker.state.nthreads)
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", count)
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", count)
