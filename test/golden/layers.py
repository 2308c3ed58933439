# Makes layers.json: what PyTorch 1.13 computes for convolution and pooling over time, as figures for layers.test.ts.
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
]
print(json.dumps({"made_with": f"torch {torch.__version__}", "cases": cases}))
