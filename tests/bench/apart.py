"""Measurements that want an interpreter of their own: its start, and its memory."""

import statistics
import subprocess
import sys

from .timing import Row

# The peak is read from /proc, where it belongs to this program alone: that of `resource` begins with what the program
# that started this one had used. Writing 5 to clear_refs makes the peak what is used now.
_MEMORY = """
import gc, os, re, warnings
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.simplefilter("ignore")
import keras, numpy as np, tensorflow as tf
from camwidget import Explainer, samples

def peak():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1]) / 1024

def forget_peak():
    gc.collect()
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")

def used():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

generator = np.random.default_rng(0)
def fresh(shape):
    return generator.uniform(0, 255, shape).astype(np.float32)
"""

_COPIES = """
model = keras.applications.ResNet50(weights=None)
Explainer(model, preprocess=None).explain(np.zeros((224, 224, 3), np.float32), target=0, samples={copies})
print(peak())
"""

_LOOP = """
model = samples.network()
explainer = Explainer(model, preprocess=None)
explainer.cache.limit = {limit}
def explain():
    explainer.explain(fresh(model.input_shape[1:]), target=0).heatmap
for _ in range(50):
    explain()
before, filled = used(), explainer.cache.nbytes
most = filled
for _ in range(200):
    explain()
    most = max(most, explainer.cache.nbytes)
print(used() - before, filled, most)
"""

_NOISE = """
model = keras.applications.VGG16(weights=None)
picture = fresh((224, 224, 3))
forward = tf.function(lambda x: model(x, training=False), autograph=False)
forget_peak()
forward(tf.constant(picture[None])).numpy()
base = peak()
forget_peak()
explainer = Explainer(model, preprocess=None)
explainer.explain(picture, target=0, method="smooth_grad_cam++", samples=200, layer="block1_conv2").heatmap
print(peak() - base, base)
"""


def import_rows() -> list[Row]:
    """`import camwidget` in a fresh interpreter, less the interpreter's own start."""
    program = "import time; t = time.perf_counter(); import camwidget; print(time.perf_counter() - t)"
    times = [_numbers(program)[0] for _ in range(5)]
    return [Row("import camwidget", statistics.median(times), 0.3, "s")]


def copies_rows() -> list[Row]:
    """Peak memory of a process that averages 64 noisy copies, beside one that averages 8."""
    few, many = (min(_numbers(_MEMORY + _COPIES.format(copies=n))[0] for _ in range(2)) for n in (8, 64))
    return [Row("ResNet50: peak memory, 64 noisy copies / 8", many / few, 1.05, "x", f"{many:.0f} MB")]


def loop_rows() -> list[Row]:
    """What 200 fresh pictures leave behind, once the cache is full, and whether it keeps its bound."""
    limit = 2 * 2**20
    growth, filled, most = _numbers(_MEMORY + _LOOP.format(limit=limit))
    # A cache that the first fifty pictures did not fill would hide what it takes later.
    is_full = filled > 0.8 * limit
    return [
        Row("samples: memory left by 200 fresh pictures", growth if is_full else float("nan"), 20, "MB"),
        Row("samples: most bytes in the cache / its bound", most / limit, 1, "x", f"{most / 2**20:.2f} MB"),
    ]


def noise_rows() -> list[Row]:
    """Peak memory of 200 noisy copies at a layer of 224 x 224 x 64, above that of one forward pass."""
    extra, base = _numbers(_MEMORY + _NOISE)
    name = "VGG16: peak memory, Smooth Grad-CAM++ at block1_conv2, n = 200"
    return [Row(name, extra, 2048, "MB", f"above {base:.0f} MB of the network and one forward pass")]


def _numbers(program: str) -> list[float]:
    """What a program prints on its last line."""
    said = subprocess.check_output([sys.executable, "-c", program], text=True)
    return [float(word) for word in said.splitlines()[-1].split()]
