# PyTorch as a child of the bench: one shape on its command line, one line of JSON for each burst that is asked for.
import json
import math
import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
shape = json.loads(sys.argv[1])["shape"]
warm_ms = json.loads(sys.argv[1])["warmMs"]


def answer(value):
    print(json.dumps(value), flush=True)


try:
    import numpy
    import torch
except ImportError as error:
    answer({"missing": f"{sys.executable} has no {error.name}"})
    sys.exit()

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
torch.manual_seed(0)
GATES = {"lstm": 4, "gru": 3, "rnn": 1}[shape["cell"]]
BLOCK_MS = 50
LONG_MS = 150
T, B, H, I = (shape[name] for name in ("time", "batch", "hidden", "input"))
OUT, VOCABULARY = shape["out"], shape["vocabulary"]


def uniform(count, seed, scale):
    """The counter hash of numbers.ts."""
    word = (numpy.arange(count, dtype=numpy.uint64) + numpy.uint64(seed * 0x9E3779B9 % 2**32)).astype(numpy.uint32)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        word = (word ^ (word >> numpy.uint32(shift))) * numpy.uint32(factor)
    word ^= word >> numpy.uint32(16)
    unit = (word / 2.0**32 * 2 - 1).astype(numpy.float32)
    return (unit.astype(numpy.float64) * scale).astype(numpy.float32)


def integers(count, seed, limit):
    unit = uniform(count, seed, 1).astype(numpy.float64)
    return torch.from_numpy(numpy.minimum(limit - 1, numpy.floor((unit + 1) / 2 * limit)).astype(numpy.int64))


def fill(parameter, seed, scale):
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(uniform(parameter.numel(), seed, scale)).view_as(parameter))


def recurrent():
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[shape["cell"]]
    options = {"nonlinearity": "relu"} if shape["cell"] == "rnn" else {}
    network = kind(I, H, shape["layers"], **options)
    scale = 1 / math.sqrt(H)
    for layer in range(shape["layers"]):
        fill(getattr(network, f"weight_ih_l{layer}"), 10 * layer + 1, scale)
        fill(getattr(network, f"weight_hh_l{layer}"), 10 * layer + 2, scale)
        fill(getattr(network, f"bias_ih_l{layer}"), 10 * layer + 3, scale)
        getattr(network, f"bias_hh_l{layer}").data.zero_()
    return network


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(VOCABULARY, I) if VOCABULARY else None
        self.recurrent = recurrent()
        self.head = torch.nn.Linear(H, OUT)
        fill(self.head.weight, 1001, 1 / math.sqrt(H))
        fill(self.head.bias, 1002, 1 / math.sqrt(H))
        if self.table is not None:
            fill(self.table.weight, 1003, 1)

    def forward(self, x):
        return self.head(self.recurrent(x if self.table is None else self.table(x))[0])


def inputs():
    return torch.from_numpy(uniform(T * B * I, 2001, math.sqrt(3))).view(T, B, I)


def training():
    network = Network()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    if VOCABULARY:
        x, y = integers(T * B, 2001, VOCABULARY).view(T, B), integers(T * B, 2002, VOCABULARY)
        loss_of = lambda out: torch.nn.functional.cross_entropy(out.view(-1, OUT), y)
    else:
        x, y = inputs(), torch.from_numpy(uniform(T * B * OUT, 2002, math.sqrt(3))).view(T, B, OUT)
        loss_of = lambda out: torch.nn.functional.mse_loss(out, y)

    def step():
        loss = loss_of(network(x))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    losses, begin = [], time.perf_counter()
    while len(losses) < 6 and (not losses or (time.perf_counter() - begin) * 1e3 < warm_ms):
        losses.append(step())
    return step, {"losses": losses}


def inference():
    network, x, state = recurrent().eval(), inputs(), [None]
    output, first = network(x)

    def call():
        out, after = network(x, state[0])
        if shape["carry"]:
            state[0] = after
        return out

    return call, {"check": float(output.double().abs().mean())}


def block(work, units):
    used, start = time.process_time(), time.perf_counter()
    for _ in range(units):
        work()
    passed = time.perf_counter() - start
    return passed * 1e3 / units, (time.process_time() - used) * 1e3 / units


def measure(work, ms):
    """The same rules as in serve.ts."""
    begin = time.perf_counter()
    first = block(work, 1)
    blocks = [first] if first[0] >= LONG_MS else []
    units = max(1, round(BLOCK_MS / first[0]))
    while not blocks or (time.perf_counter() - begin) * 1e3 < ms:
        blocks.append(block(work, units))
    return {"wall": [wall for wall, _ in blocks], "cpu": [cpu for _, cpu in blocks]}


def main():
    work, facts = training() if shape["kind"] == "train" else inference()
    answer({"ready": True, "version": torch.__version__, **facts})
    for line in sys.stdin:
        answer(measure(work, json.loads(line)["ms"]))


if shape["kind"] == "train":
    main()
else:
    with torch.inference_mode():
        main()
