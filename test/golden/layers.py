# Makes layers.json: what PyTorch 1.13 computes for convolution, pooling and attention over time, as figures for layers.test.ts.
#   python3 test/golden/layers.py > test/golden/layers.json
import json

import torch
import torch.nn.functional as F

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)
B, T, I = 2, 9, 4


def numbers(t):
    return {"shape": list(t.shape), "data": [round(v, 12) for v in t.detach().flatten().tolist()]}


def conv(title, options, left, right):
    groups = options.get("groups", 1)
    x = torch.randn(B, T, I, requires_grad=True)
    w = torch.randn(options["kernelSize"], I // groups, options["filters"], requires_grad=True)
    b = torch.randn(options["filters"], requires_grad=True)
    padded = F.pad(x.transpose(1, 2), (left, right))
    y = F.conv1d(padded, w.permute(2, 1, 0), b, options.get("strides", 1), 0, options.get("dilation", 1), groups).transpose(1, 2)
    torch.sin(y).sum().backward()
    return {
        "title": title, "layer": "conv1d", "options": options, "x": numbers(x), "weights": {"W": numbers(w), "b": numbers(b)},
        "y": numbers(y), "gradients": {"x": numbers(x.grad), "W": numbers(w.grad), "b": numbers(b.grad)},
    }


def pool(title, layer, options, f):
    x = torch.randn(B, T, I, requires_grad=True)
    y = f(x.transpose(1, 2))
    y = y.transpose(1, 2) if y.dim() == 3 else y
    torch.sin(y).sum().backward()
    return {"title": title, "layer": layer, "options": options, "x": numbers(x), "weights": {}, "y": numbers(y), "gradients": {"x": numbers(x.grad)}}


def attend(title, options, call, shapes, features, memory_features=None, lengths=None):
    """`call(x, memory, mask, weights)`; mask is True for memory steps that are not there."""
    x = torch.randn(B, T, features, requires_grad=True)
    memory = None if memory_features is None else torch.randn(B, 6, memory_features, requires_grad=True)
    w = {name: torch.randn(*shape, requires_grad=True) for name, shape in shapes.items()}
    seen = x if memory is None else memory
    mask = torch.zeros(B, seen.shape[1], dtype=torch.bool)
    if lengths is not None:
        for row, length in enumerate(lengths):
            mask[row, length:] = True
    y, weights = call(x, seen, mask, w)
    torch.sin(y).sum().backward()
    given = {"x": x, **w, **({} if memory is None else {"memory": memory})}
    return {
        "title": title, "layer": "attention", "options": options, "x": numbers(x),
        **({} if memory is None else {"memory": numbers(memory)}), **({} if lengths is None else {"memoryLengths": lengths}),
        "weights": {name: numbers(value) for name, value in w.items()}, "y": numbers(y), "attention": numbers(weights),
        "gradients": {name: numbers(value.grad) for name, value in given.items()},
    }


def softmaxed(fits, memory, mask, causal=False):
    fits = fits.masked_fill(mask[:, None, :], float("-inf"))
    if causal:
        fits = fits.masked_fill(torch.ones(fits.shape[1:], dtype=torch.bool).triu(1), float("-inf"))
    weights = fits.softmax(-1)
    return weights @ memory, weights


def additive(x, memory, mask, w):
    fits = torch.tanh((x @ w["Wq"])[:, :, None] + (memory @ w["Wk"] + w["b"])[:, None]) @ w["v"]
    return softmaxed(fits, memory, mask)


def in_heads(causal):
    def call(x, memory, mask, w):
        units = w["Wq"].shape[1]
        # A random bias of the keys: it must not matter.
        bias = torch.cat([w["bq"], torch.randn(units), w["bv"]])
        above = torch.ones(x.shape[1], memory.shape[1], dtype=torch.bool).triu(1) if causal else None
        y, weights = F.multi_head_attention_forward(
            x.transpose(0, 1), memory.transpose(0, 1), memory.transpose(0, 1), units, 2, None, bias, None, None, False, 0.0,
            w["Wo"].T, w["bo"], True, mask, True, above, use_separate_proj_weight=True, q_proj_weight=w["Wq"].T,
            k_proj_weight=w["Wk"].T, v_proj_weight=w["Wv"].T, average_attn_weights=False)
        return y.transpose(0, 1), weights.transpose(1, 2)

    return call


def projections(features, memory, units):
    return {"Wq": (features, units), "Wk": (memory, units), "Wv": (memory, units), "Wo": (units, units),
            "bq": (units,), "bv": (units,), "bo": (units,)}


cases = [
    conv("valid", {"filters": 3, "kernelSize": 3}, 0, 0),
    conv("valid, strided, dilated", {"filters": 3, "kernelSize": 3, "strides": 2, "dilation": 2}, 0, 0),
    conv("same, odd", {"filters": 3, "kernelSize": 5, "padding": "same"}, 2, 2),
    conv("same, even: one more zero at the end", {"filters": 3, "kernelSize": 4, "padding": "same"}, 1, 2),
    # ceil(9 / 2) = 5 outputs need (5 - 1)·2 + 4 = 12 steps: 3 zeros, 1 in front.
    conv("same, strided", {"filters": 2, "kernelSize": 4, "strides": 2, "padding": "same"}, 1, 2),
    conv("causal, dilated", {"filters": 3, "kernelSize": 3, "dilation": 3, "padding": "causal"}, 6, 0),
    conv("groups", {"filters": 6, "kernelSize": 2, "groups": 2}, 0, 0),
    pool("max", "maxPool1d", {"poolSize": 3, "strides": 2}, lambda x: F.max_pool1d(x, 3, 2)),
    pool("average", "averagePool1d", {"poolSize": 2}, lambda x: F.avg_pool1d(x, 2)),
    pool("average, same", "averagePool1d", {"poolSize": 3, "strides": 1, "padding": "same"},
         lambda x: F.avg_pool1d(x, 3, 1, 1, count_include_pad=False)),
    pool("global max", "globalMaxPool1d", {}, lambda x: x.max(dim=2).values),
    pool("global average", "globalAveragePool1d", {}, lambda x: x.mean(dim=2)),
    attend("to itself, dots", {"score": "dot"}, lambda x, m, mask, w: softmaxed(x @ m.transpose(1, 2), m, mask), {}, 3),
    attend("to itself, scaled dots, causal", {"causal": True},
           lambda x, m, mask, w: softmaxed(x @ m.transpose(1, 2) / 3 ** 0.5, m, mask, True), {}, 3),
    attend("to a memory, additive", {"score": "additive", "units": 5}, additive,
           {"Wq": (3, 5), "Wk": (4, 5), "b": (5,), "v": (5,)}, 3, 4, [6, 2]),
    attend("to a memory, in heads", {"score": "multiHead", "units": 6, "heads": 2}, in_heads(False), projections(6, 4, 6), 6, 4, [3, 6]),
    attend("to itself, in heads, causal", {"score": "multiHead", "units": 6, "heads": 2, "causal": True}, in_heads(True),
           projections(6, 6, 6), 6),
]
print(json.dumps({"made_with": f"torch {torch.__version__}", "cases": cases}))
