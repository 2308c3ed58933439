"""Writes test/golden/state-dicts/*.safetensors: state dicts of small PyTorch models, and inputs with the outputs PyTorch gives for them.

    python3 test/golden/state-dicts.py        (PyTorch 1.13; float32, one thread)
"""

import json
import os
import struct

import torch
from torch import nn

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "state-dicts")
names = {torch.float32: "F32", torch.float16: "F16", torch.float64: "F64", torch.int64: "I64", torch.bfloat16: "BF16"}


def save(tensors, path):
    """The safetensors format; sorted by name, as the safetensors package does for one element type."""
    header, blobs, end = {}, [], 0
    for name in sorted(tensors):
        tensor = tensors[name].detach().contiguous()
        raw = tensor.view(torch.int16).numpy().tobytes() if tensor.dtype == torch.bfloat16 else tensor.numpy().tobytes()
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [end, end + len(raw)]}
        end += len(raw)
        blobs.append(raw)
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def record(name, state, x, y):
    save(state, os.path.join(here, f"{name}.safetensors"))
    save({"input": x.float(), "output": y.float()}, os.path.join(here, f"{name}.probe.safetensors"))


torch.manual_seed(20250801)
torch.set_num_threads(1)


class LastStep(nn.Module):
    """Recurrent module, last output (both directions' final ones), and a linear layer."""

    def __init__(self, rnn, head, embedding=None, act=None):
        super().__init__()
        self.rnn, self.fc, self.act = rnn, head, act
        if embedding is not None:
            self.embedding = embedding

    def forward(self, x):
        if hasattr(self, "embedding"):
            x = self.embedding(x)
        out, state = self.rnn(x)
        hidden = state[0] if isinstance(state, tuple) else state
        last = torch.cat([hidden[-2], hidden[-1]], 1) if self.rnn.bidirectional else hidden[-1]
        y = self.fc(last)
        return y if self.act is None else self.act(y)


with torch.no_grad():
    model = LastStep(nn.LSTM(3, 5, batch_first=True), nn.Linear(5, 2), act=torch.sigmoid)
    x = torch.randn(4, 6, 3)
    record("lstm", model.state_dict(), x, model(x))

    model = LastStep(nn.GRU(4, 3, 2, batch_first=True, bidirectional=True), nn.Linear(6, 1), nn.Embedding(11, 4))
    x = torch.randint(0, 11, (5, 7))
    record("gru-both-ways", model.state_dict(), x, model(x))

    model = nn.RNN(2, 4, 2, nonlinearity="relu", bias=False, batch_first=True)
    x = torch.randn(3, 5, 2)
    record("rnn-relu", model.state_dict(), x, model(x)[0])

    model = nn.LSTM(3, 5, 2, proj_size=2, batch_first=True)
    x = torch.randn(3, 5, 3)
    record("lstm-projection", model.state_dict(), x, model(x)[0])

    class Normed(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.norm, self.fc = nn.LSTM(2, 4, batch_first=True), nn.LayerNorm(4), nn.Linear(4, 3)
            nn.init.normal_(self.norm.weight)
            nn.init.normal_(self.norm.bias)

        def forward(self, x):
            return self.fc(self.norm(self.lstm(x)[0]))

    model = Normed()
    x = torch.randn(2, 6, 2)
    record("norm", model.state_dict(), x, model(x))

    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2)).bfloat16()
    x = torch.randn(4, 3)
    record("sequential", model.state_dict(), x, model.float()(x))

    class Convolved(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.gru, self.fc = nn.Conv1d(2, 4, 3), nn.GRU(4, 3, batch_first=True), nn.Linear(3, 1)

        def forward(self, x):
            seen = torch.relu(self.conv(x.transpose(1, 2))).transpose(1, 2)
            return self.fc(self.gru(seen)[1][-1])

    model = Convolved()
    x = torch.randn(3, 8, 2)
    record("conv", model.state_dict(), x, model(x))

    record("batch-norm", nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).state_dict(), torch.zeros(1, 2), torch.zeros(1, 3))
