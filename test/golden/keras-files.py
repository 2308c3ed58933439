"""Writes test/golden/keras-files/*: files in the layouts of Keras 3 and Keras 2, and outputs computed in float64 from Keras's own formulas.

    python3 test/golden/keras-files.py        (h5py 3.7, numpy; Keras itself is not needed)

Layout: keras/src/saving/saving_lib.py (groups layers/<snake_case class>_<n>/cell/vars/<i>, zip of metadata.json, config.json and
model.weights.h5) and keras/src/legacy/saving/legacy_h5_format.py (attributes model_config, layer_names, weight_names).
Formulas: LSTMCell, GRUCell, SimpleRNNCell, Dense, Embedding, Conv1D, LayerNormalization in keras/src/layers.
"""

import io
import json
import os
import struct
import zipfile

import h5py
import numpy as np

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "keras-files")
draw = np.random.default_rng(20250801)


def weights(*shape):
    return draw.normal(0, 0.6, shape).astype(np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


relu = lambda x: np.maximum(x, 0)


def lstm_step(x, state, w):
    kernel, recurrent, bias = w
    h, c = state
    i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, -1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, (h, c)


def gru_step(reset_after):
    def step(x, state, w):
        kernel, recurrent, bias = w
        (h,) = state
        bias_x, bias_h = (bias[0], bias[1]) if reset_after else (bias, 0 * bias)
        xz, xr, xh = np.split(x @ kernel + bias_x, 3, -1)
        kz, kr, kh = np.split(recurrent, 3, -1)
        bz, br, bh = np.split(bias_h, 3, -1)
        z = sigmoid(xz + h @ kz + bz)
        r = sigmoid(xr + h @ kr + br)
        inner = r * (h @ kh + bh) if reset_after else (r * h) @ kh
        h = z * h + (1 - z) * np.tanh(xh + inner)
        return h, (h,)

    return step


def rnn_step(act):
    def step(x, state, w):
        kernel, recurrent, bias = w
        h = act(x @ kernel + state[0] @ recurrent + bias)
        return h, (h,)

    return step


def scan(step, x, w, states, sequences, backwards=False):
    units = w[1].shape[0]
    state = tuple(np.zeros((x.shape[0], units)) for _ in range(states))
    out = []
    for t in reversed(range(x.shape[1])) if backwards else range(x.shape[1]):
        y, state = step(x[:, t], state, w)
        out.append(y)
    return np.stack(out, 1) if sequences else out[-1]


def layer(name, config, inbound=None):
    made = {"module": "keras.layers", "class_name": name, "config": config, "registered_name": None}
    return made if inbound is None else {**made, "name": config["name"], "inbound_nodes": inbound}


def tensor(name):
    history = {"shape": [None], "dtype": "float32", "keras_history": [name, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": history}


def recurrent(name, units, **more):
    return {"name": name, "trainable": True, "return_sequences": False, "return_state": False, "go_backwards": False, "stateful": False, "unroll": False,
            "units": units, "activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True, "dropout": 0.0, "recurrent_dropout": 0.0, **more}


def dense(name, units, activation="linear"):
    return {"name": name, "trainable": True, "units": units, "activation": activation, "use_bias": True}


def h5_bytes(groups):
    """`groups`: path of a layer's group -> arrays. Every path gets its own `vars`, as H5IOStore makes them."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_group("vars")
        for path, arrays in groups.items():
            group = file.require_group(path).require_group("vars")
            for index, array in enumerate(arrays):
                group[str(index)] = array
    return buffer.getvalue()


def save_keras(name, config, groups, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(os.path.join(here, f"{name}.keras"), "w", method) as archive:
        for entry, content in (
            ("metadata.json", json.dumps({"keras_version": "3.5.0", "date_saved": "2025-08-01@12:00:00"})),
            ("config.json", json.dumps(config)),
            ("model.weights.h5", h5_bytes(groups)),
        ):
            archive.writestr(zipfile.ZipInfo(entry, (2025, 8, 1, 12, 0, 0)), content, method)


def save_probe(name, inputs, output):
    header, blobs, end = {}, [], 0
    for key, array in [*inputs.items(), ("output", output)]:
        raw = np.ascontiguousarray(array, np.float32).tobytes()
        header[key] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [end, end + len(raw)]}
        end += len(raw)
        blobs.append(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(here, f"{name}.probe.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def sequential(layers, shape):
    first = layer("InputLayer", {"batch_shape": shape, "dtype": "float32", "sparse": False, "name": "input_layer"})
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "sequential", "trainable": True, "layers": [first, *layers]},
            "registered_name": None, "build_config": {"input_shape": shape}}


def stacked_lstm():
    a, b = [weights(3, 16), weights(4, 16), weights(16)], [weights(4, 12), weights(3, 12), weights(12)]
    d = [weights(3, 2), weights(2)]
    config = sequential(
        [layer("LSTM", recurrent("lstm", 4, return_sequences=True)), layer("LSTM", recurrent("lstm_1", 3)), layer("Dense", dense("dense", 2, "sigmoid"))],
        [None, 6, 3],
    )
    groups = {"layers/lstm/cell": a, "layers/lstm": [], "layers/lstm_1/cell": b, "layers/dense": d,
              "optimizer": [np.array(7, np.int64), np.array(0.001, np.float32)]}
    save_keras("lstm", config, groups)
    x = draw.normal(size=(4, 6, 3))
    h = scan(lstm_step, scan(lstm_step, x, a, 2, True), b, 2, False)
    save_probe("lstm", {"input": x}, sigmoid(h @ d[0] + d[1]))


def gru_both_ways():
    table = weights(7, 3)
    f, b = [[weights(3, 9), weights(3, 9), weights(2, 9)] for _ in range(2)]
    g = [weights(6, 6), weights(2, 6), weights(6)]
    d = [weights(2, 3), weights(3)]
    inner = recurrent("gru", 3, return_sequences=True, reset_after=True)
    config = sequential(
        [
            layer("Embedding", {"name": "embedding", "input_dim": 7, "output_dim": 3, "mask_zero": False}),
            layer("Bidirectional", {"name": "bidirectional", "merge_mode": "concat", "layer": layer("GRU", {**inner, "name": "forward_gru"}),
                                    "backward_layer": layer("GRU", {**inner, "name": "backward_gru", "go_backwards": True})}),
            layer("Dropout", {"name": "dropout", "rate": 0.25, "seed": None}),
            layer("GRU", recurrent("gru_1", 2, reset_after=False, dropout=0.1)),
            layer("Dense", dense("dense", 3, "softmax")),
        ],
        [None, None],
    )
    seed = [np.array([5, 0], np.uint32)]
    groups = {"layers/embedding": [table], "layers/bidirectional/forward_layer/cell": f, "layers/bidirectional/backward_layer/cell": b,
              "layers/dropout/seed_generator": seed, "layers/gru/cell": g, "layers/gru/cell/seed_generator": seed, "layers/dense": d}
    save_keras("gru-both-ways", config, groups, zipfile.ZIP_DEFLATED)
    x = draw.integers(0, 7, (5, 8))
    e = table[x].astype(np.float64)
    step = gru_step(True)
    both = np.concatenate([scan(step, e, f, 1, True), scan(step, e, b, 1, True, backwards=True)[:, ::-1]], -1)
    h = scan(gru_step(False), both, g, 1, False)
    save_probe("gru-both-ways", {"input": x}, softmax(h @ d[0] + d[1]))


def functional():
    r, s = [weights(2, 16), weights(4, 16), weights(16)], [weights(3, 4), weights(4)]
    d = [weights(8, 1), weights(1)]
    call = lambda *names: [{"args": [tensor(names[0]) if len(names) == 1 else [tensor(each) for each in names]], "kwargs": {}}]
    layers = [
        layer("InputLayer", {"batch_shape": [None, None, 2], "dtype": "float32", "name": "series"}, []),
        layer("InputLayer", {"batch_shape": [None, 3], "dtype": "float32", "name": "store"}, []),
        layer("LSTM", recurrent("read", 4), call("series")),
        layer("Dense", dense("know", 4, "relu"), call("store")),
        layer("Add", {"name": "add"}, call("read", "know")),
        layer("Concatenate", {"name": "concatenate", "axis": -1}, call("add", "know")),
        layer("Dense", dense("answer", 1), call("concatenate")),
    ]
    config = {"module": "keras", "class_name": "Functional", "registered_name": "Functional",
              "config": {"name": "functional", "trainable": True, "layers": layers, "input_layers": [["series", 0, 0], ["store", 0, 0]], "output_layers": [["answer", 0, 0]]}}
    save_keras("functional", config, {"layers/lstm/cell": r, "layers/dense": s, "layers/dense_1": d})
    x, store = draw.normal(size=(3, 5, 2)), draw.normal(size=(3, 3))
    read, know = scan(lstm_step, x, r, 2, False), relu(store @ s[0] + s[1])
    save_probe("functional", {"series": x, "store": store}, np.concatenate([read + know, know], -1) @ d[0] + d[1])


def convolution():
    c, n, r = [weights(3, 2, 4), weights(4)], [weights(4), weights(4)], [weights(4, 3), weights(3, 3), weights(3)]
    t = [weights(3, 2), weights(2)]
    config = sequential(
        [
            layer("Conv1D", {"name": "conv1d", "filters": 4, "kernel_size": [3], "strides": [1], "padding": "causal", "data_format": "channels_last",
                             "dilation_rate": [2], "groups": 1, "activation": "relu", "use_bias": True}),
            layer("MaxPooling1D", {"name": "max_pooling1d", "pool_size": [2], "strides": [2], "padding": "valid", "data_format": "channels_last"}),
            layer("LayerNormalization", {"name": "layer_normalization", "axis": [-1], "epsilon": 0.001, "center": True, "scale": True}),
            layer("SimpleRNN", {k: v for k, v in recurrent("simple_rnn", 3, activation="relu", return_sequences=True).items() if k != "recurrent_activation"}),
            layer("TimeDistributed", {"name": "time_distributed", "layer": layer("Dense", dense("dense", 2))}),
            layer("GlobalAveragePooling1D", {"name": "global_average_pooling1d", "data_format": "channels_last", "keepdims": False}),
        ],
        [None, 9, 2],
    )
    groups = {"layers/conv1d": c, "layers/layer_normalization": n, "layers/simple_rnn/cell": r, "layers/time_distributed/layer": t}
    save_keras("convolution", config, groups)
    x = draw.normal(size=(3, 9, 2))
    padded = np.concatenate([np.zeros((3, 4, 2)), x], 1)
    seen = relu(sum(padded[:, 2 * k : 2 * k + 9] @ c[0][k] for k in range(3)) + c[1])
    pooled = seen[:, :8].reshape(3, 4, 2, 4).max(2)
    mean, var = pooled.mean(-1, keepdims=True), pooled.var(-1, keepdims=True)
    normed = (pooled - mean) / np.sqrt(var + 1e-3) * n[0] + n[1]
    h = scan(rnn_step(relu), normed, r, 1, True)
    save_probe("convolution", {"input": x}, (h @ t[0] + t[1]).mean(1))


def flattened():
    g, d = [weights(2, 9), weights(3, 9), weights(2, 9)], [weights(15, 2), weights(2)]
    r, e = [weights(2, 12), weights(3, 12), weights(12)], [weights(3, 1), weights(1)]
    config = sequential(
        [
            layer("GRU", recurrent("gru", 3, return_sequences=True, reset_after=True)),
            layer("Flatten", {"name": "flatten", "data_format": "channels_last"}),
            layer("Dense", dense("dense", 2, "tanh")),
            layer("RepeatVector", {"name": "repeat_vector", "n": 4}),
            layer("LSTM", recurrent("lstm", 3, return_sequences=True)),
            layer("TimeDistributed", {"name": "time_distributed", "layer": layer("Dense", dense("dense_1", 1))}),
        ],
        [None, 5, 2],
    )
    save_keras("encoder-decoder", config, {"layers/gru/cell": g, "layers/dense": d, "layers/lstm/cell": r, "layers/time_distributed/layer": e})
    x = draw.normal(size=(3, 5, 2))
    code = np.tanh(scan(gru_step(True), x, g, 1, True).reshape(3, 15) @ d[0] + d[1])
    h = scan(lstm_step, np.repeat(code[:, None], 4, 1), r, 2, True)
    save_probe("encoder-decoder", {"input": x}, h @ e[0] + e[1])


def weights_only():
    table, g, d = weights(6, 3), [weights(3, 12), weights(4, 12), weights(2, 12)], [weights(4, 2), weights(2)]
    with open(os.path.join(here, "gru.weights.h5"), "wb") as file:
        file.write(h5_bytes({"layers/embedding": [table], "layers/gru/cell": g, "layers/dense": d}))
    x = draw.integers(0, 6, (4, 5))
    h = scan(gru_step(True), table[x].astype(np.float64), g, 1, False)
    save_probe("gru.weights", {"input": x}, np.tanh(h @ d[0] + d[1]))


def keras_2_weights():
    g, d = [weights(2, 9), weights(3, 9), weights(2, 9)], [weights(3, 1), weights(1)]
    with h5py.File(os.path.join(here, "keras-2.weights.h5"), "w") as file:
        file.attrs["layer_names"] = [b"gru", b"dense"]
        file.attrs["backend"] = b"tensorflow"
        for name, arrays in {"gru": zip(("kernel", "recurrent_kernel", "bias"), g), "dense": zip(("kernel", "bias"), d)}.items():
            own, paths = file.create_group(name), []
            for what, array in arrays:
                path = f"{name}/gru_cell/{what}:0" if name == "gru" else f"{name}/{what}:0"
                own[path] = array
                paths.append(path.encode())
            own.attrs["weight_names"] = paths
    x = draw.normal(size=(2, 4, 2))
    save_probe("keras-2.weights", {"input": x}, scan(gru_step(True), x, g, 1, False) @ d[0] + d[1])


def keras_2():
    r, d = [[weights(2, 12), weights(3, 12), weights(12)] for _ in range(2)], [weights(6, 1), weights(1)]
    inner = {"class_name": "LSTM", "config": recurrent("lstm", 3)}
    config = {"class_name": "Sequential", "config": {"name": "sequential", "layers": [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4, 2], "dtype": "float32", "name": "input_1"}},
        {"class_name": "Bidirectional", "config": {"name": "bidirectional", "layer": inner, "merge_mode": "concat"}},
        {"class_name": "Dense", "config": dense("out", 1, "hard_sigmoid")}]}}
    with h5py.File(os.path.join(here, "keras-2.h5"), "w") as file:
        file.attrs["keras_version"] = "2.11.0"
        file.attrs["model_config"] = json.dumps(config)
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [b"bidirectional", b"out"]
        parts = {"bidirectional": [(f"bidirectional/{side}_lstm/lstm_cell/{what}:0", array)
                                   for side, arrays in zip(("forward", "backward"), r)
                                   for what, array in zip(("kernel", "recurrent_kernel", "bias"), arrays)],
                 "out": [("out/kernel:0", d[0]), ("out/bias:0", d[1])]}
        for name, arrays in parts.items():
            own = group.create_group(name)
            own.attrs["weight_names"] = [path.encode() for path, _ in arrays]
            for path, array in arrays:
                own[path] = array
    x = draw.normal(size=(3, 4, 2))
    h = np.concatenate([scan(lstm_step, x, r[0], 2, False), scan(lstm_step, x, r[1], 2, False, backwards=True)], -1)
    save_probe("keras-2", {"input": x}, np.clip(0.2 * (h @ d[0] + d[1]) + 0.5, 0, 1))


for make in (stacked_lstm, gru_both_ways, functional, convolution, flattened, weights_only, keras_2, keras_2_weights):
    make()
