"""Writes modules/*.safetensors: states of PyTorch's modules under PyTorch's names, what they give for some inputs, and gradients; and spreads.csv, how the
numbers are spread that its modules start with; see README.md.
Needs torch (Debian's python3-torch); the tests read only the files.

    python3 tests/Learning/References/make-modules.py
"""

import json
import os
import struct
import zlib

import torch
from torch import nn

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "modules")
TYPES = {torch.float32: "F32", torch.int64: "I64", torch.bool: "BOOL"}
CASES = []


def case(function):
    """A function that makes a module, its inputs by name, and how it is applied to them (by default to all in order): a tensor, or a dict of them."""
    CASES.append(function)
    return function


def normal(*shape):
    return torch.randn(*shape)


class Parts(nn.ModuleDict):
    """Modules that are each given the input of their own name, or x."""

    def forward(self, **inputs):
        return {name: module(inputs.get(name, inputs.get("x"))) for name, module in self.items()}


def parts(inputs, **modules):
    return Parts(modules), inputs, lambda m, x: m(**x)


# Perceptrons and single layers.


@case
def mlp():
    return nn.Sequential(
        nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 7), nn.GELU(), nn.Linear(7, 6), nn.Tanh(), nn.Linear(6, 6, bias=False), nn.SiLU(),
        nn.Linear(6, 4), nn.LogSoftmax(dim=-1)), {"x": normal(3, 5)}


@case
def activations():
    return parts(
        {"x": 2 * normal(3, 10)}, relu=nn.ReLU(), relu6=nn.ReLU6(), leaky_relu=nn.LeakyReLU(), elu=nn.ELU(), selu=nn.SELU(), celu=nn.CELU(alpha=0.7),
        gelu=nn.GELU(), gelu_tanh=nn.GELU(approximate="tanh"), silu=nn.SiLU(), mish=nn.Mish(), sigmoid=nn.Sigmoid(), tanh=nn.Tanh(),
        softplus=nn.Softplus(), softsign=nn.Softsign(), hardswish=nn.Hardswish(), hardsigmoid=nn.Hardsigmoid(), hardtanh=nn.Hardtanh(),
        log_sigmoid=nn.LogSigmoid(), softmax=nn.Softmax(dim=-1), log_softmax=nn.LogSoftmax(dim=-1), softmin=nn.Softmin(dim=-1), glu=nn.GLU(),
        softshrink=nn.Softshrink(), hardshrink=nn.Hardshrink(), tanhshrink=nn.Tanhshrink(), threshold=nn.Threshold(0.1, 20))


@case
def prelu():
    return parts({"x": normal(2, 4, 3)}, one=nn.PReLU(), channels=nn.PReLU(4, init=0.1))


@case
def bilinear():
    modules = {"biased": nn.Bilinear(3, 4, 5), "plain": nn.Bilinear(3, 4, 2, bias=False)}
    return nn.ModuleDict(modules), {"a": normal(6, 3), "b": normal(6, 4)}, lambda m, x: {name: part(x["a"], x["b"]) for name, part in m.items()}


@case
def weight_norm():
    return nn.Sequential(nn.utils.weight_norm(nn.Linear(4, 6)), nn.Tanh(), nn.utils.weight_norm(nn.Linear(6, 3), dim=None)), {"x": normal(5, 4)}


@case
def weight_norm_convolution():
    return nn.Sequential(nn.utils.weight_norm(nn.Conv1d(3, 4, 3)), nn.ReLU(), nn.utils.weight_norm(nn.ConvTranspose1d(4, 2, 3), dim=1)), {"x": normal(2, 3, 8)}


@case
def spectral_norm():
    return nn.Sequential(nn.utils.spectral_norm(nn.Linear(4, 6)), nn.Tanh(), nn.utils.spectral_norm(nn.Linear(6, 3, bias=False))), {"x": normal(5, 4)}


@case
def spectral_norm_convolution():
    return nn.Sequential(nn.utils.spectral_norm(nn.Conv1d(3, 4, 3)), nn.ReLU(), nn.utils.spectral_norm(nn.ConvTranspose1d(4, 2, 3))), {"x": normal(2, 3, 8)}


# Convolutions and what stands beside them.


@case
def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(6),
        nn.LeakyReLU(0.1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3)), {"x": normal(4, 1, 8, 8)}


class Block(nn.Module):
    """A residual block under the names of torchvision's."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs)) if inputs != outputs else None

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


@case
def residual():
    return nn.Sequential(Block(2, 2, 1), Block(2, 4, 2)), {"x": normal(2, 2, 6, 6)}


@case
def convolutions():
    return parts(
        {"x": normal(2, 4, 9), "image": normal(2, 4, 6, 5), "reflected": normal(2, 4, 6, 5), "volume": normal(1, 2, 4, 5, 4)}, x=nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2),
        same=nn.Conv1d(4, 3, 4, padding="same"), circular=nn.Conv1d(4, 2, 3, padding=1, padding_mode="circular"), image=nn.Conv2d(4, 6, (3, 2), stride=(2, 1), groups=2),
        reflected=nn.Conv2d(4, 2, 3, padding=(1, 2), padding_mode="reflect", bias=False), volume=nn.Conv3d(2, 3, (2, 3, 2), padding=1, stride=2))


@case
def depthwise():
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1, groups=3, bias=False), nn.BatchNorm2d(6), nn.ReLU6(), nn.Conv2d(6, 6, 5, padding=2, groups=6), nn.Hardswish(),
        nn.Conv2d(6, 4, 1)), {"x": normal(2, 3, 6, 6)}


@case
def transposed_convolutions():
    return parts(
        {"line": normal(2, 4, 5), "image": normal(2, 4, 4, 3), "volume": normal(1, 2, 3, 2, 3)}, line=nn.ConvTranspose1d(4, 3, 3, stride=2, padding=1, output_padding=1),
        image=nn.ConvTranspose2d(4, 6, 3, stride=(2, 3), padding=(1, 0), output_padding=(0, 1), groups=2, dilation=(2, 1), bias=False),
        volume=nn.ConvTranspose3d(2, 3, 2, stride=2))


@case
def pools():
    line, image, volume = normal(2, 3, 11), normal(2, 3, 7, 6), normal(1, 2, 5, 6, 4)
    modules = {
        "max_line": (line, nn.MaxPool1d(3)), "max_image": (image, nn.MaxPool2d(3, stride=2, padding=1, dilation=2)),
        "max_ceil": (image, nn.MaxPool2d((2, 3), stride=(2, 2), ceil_mode=True)), "max_volume": (volume, nn.MaxPool3d(2)),
        "average_line": (line, nn.AvgPool1d(4, stride=2, padding=1)), "average_image": (image, nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)),
        "average_ceil": (image, nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True)), "average_volume": (volume, nn.AvgPool3d(2, divisor_override=3)),
        "adaptive_max_line": (line, nn.AdaptiveMaxPool1d(4)), "adaptive_average_line": (line, nn.AdaptiveAvgPool1d(3)),
        "adaptive_max_image": (image, nn.AdaptiveMaxPool2d((3, 4))), "adaptive_average_image": (image, nn.AdaptiveAvgPool2d((5, 4))),
        "adaptive_average_volume": (volume, nn.AdaptiveAvgPool3d(2)), "power_line": (line.abs() + 0.1, nn.LPPool1d(2, 3)), "power_image": (image.abs() + 0.1, nn.LPPool2d(3, 2)),
    }
    return parts({n: x for n, (x, _) in modules.items()}, **{n: m for n, (_, m) in modules.items()})


@case
def shapes():
    image, wide = normal(1, 2, 3, 4), normal(1, 8, 2, 3)
    modules = {
        "flatten": (image, nn.Flatten()), "flatten_some": (image, nn.Flatten(1, 2)), "unflatten": (wide, nn.Unflatten(1, (2, 4))),
        "nearest": (image, nn.Upsample(scale_factor=2)), "linear": (normal(1, 2, 5), nn.Upsample(size=8, mode="linear")),
        "bilinear": (image, nn.Upsample(scale_factor=2, mode="bilinear")), "bilinear_aligned": (image, nn.Upsample(size=(5, 6), mode="bilinear", align_corners=True)),
        "bicubic": (image, nn.Upsample(scale_factor=2, mode="bicubic")), "pixel_shuffle": (wide, nn.PixelShuffle(2)), "pixel_unshuffle": (normal(1, 2, 4, 6), nn.PixelUnshuffle(2)),
        "zero_pad": (image, nn.ZeroPad2d((1, 2, 0, 1))), "constant_pad": (image, nn.ConstantPad1d((2, -1), 0.5)), "reflection_pad": (image, nn.ReflectionPad2d((2, 1, 1, 2))),
        "replication_pad": (image, nn.ReplicationPad2d(2)),
    }
    return parts({n: x for n, (x, _) in modules.items()}, **{n: m for n, (_, m) in modules.items()})


# Normalisations.


@case
def batch_norm():
    return parts(
        {"rows": normal(6, 4), "line": normal(3, 4, 5), "volume": normal(2, 3, 2, 3, 2), "plain": normal(5, 4), "average": normal(5, 4), "untracked": normal(5, 4)},
        rows=nn.BatchNorm1d(4), line=nn.BatchNorm1d(4, momentum=0.3, eps=1e-3), volume=nn.BatchNorm3d(3), plain=nn.BatchNorm1d(4, affine=False),
        average=nn.BatchNorm1d(4, momentum=None), untracked=nn.BatchNorm1d(4, track_running_stats=False))


@case
def group_norm():
    return parts({"image": normal(2, 6, 3, 4), "plain": normal(3, 4, 5)}, image=nn.GroupNorm(3, 6), plain=nn.GroupNorm(1, 4, eps=1e-3, affine=False))


@case
def instance_norm():
    return parts(
        {"line": normal(2, 3, 7), "affine": normal(2, 4, 3, 5), "running": normal(2, 4, 3, 5)}, line=nn.InstanceNorm1d(3), affine=nn.InstanceNorm2d(4, affine=True),
        running=nn.InstanceNorm2d(4, affine=True, track_running_stats=True))


class RMSNorm(nn.Module):
    """Newer PyTorch's RMSNorm, by its formula; without an ε it takes that of the dtype, float32's."""

    def __init__(self, shape, eps=None):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape))
        self.eps = torch.finfo(torch.float32).eps if eps is None else eps

    def forward(self, x):
        axes = tuple(range(-self.weight.dim(), 0))
        return x * torch.rsqrt(x.square().mean(axes, keepdim=True) + self.eps) * self.weight


@case
def layer_norm():
    return parts(
        {"x": normal(3, 4, 5)}, last=nn.LayerNorm(5), two=nn.LayerNorm([4, 5], eps=1e-3), plain=nn.LayerNorm(5, elementwise_affine=False), rms=RMSNorm([5]),
        rms_two=RMSNorm([4, 5], eps=1e-2))


@case
def response_norm():
    return parts({"x": normal(2, 5, 4), "image": normal(2, 6, 3, 3)}, x=nn.LocalResponseNorm(3), image=nn.LocalResponseNorm(2, alpha=0.1, beta=0.5, k=2.0))


# Embeddings.


class Tied(nn.Module):
    """A language model whose head is its table."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 6, padding_idx=0)
        self.body = nn.Linear(6, 6)
        self.head = nn.Linear(6, 11, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens):
        return self.head(torch.tanh(self.body(self.embedding(tokens))))


@case
def tied_embedding():
    return Tied(), {"tokens": torch.tensor([[1, 4, 0, 10], [4, 4, 2, 0]])}


@case
def embedding():
    return nn.Embedding(7, 4, padding_idx=2), {"tokens": torch.tensor([[1, 2, 0, 6], [6, 6, 2, 5]])}


@case
def embedding_bag():
    bags = torch.tensor([[1, 4, 0], [4, 4, 2], [8, 3, 3]])
    flat, offsets = torch.tensor([3, 1, 4, 1, 5, 8, 2]), torch.tensor([0, 2, 2, 5])

    def apply(m, x):
        y = {name: m[name](x["bags"]) for name in ["sum", "mean", "max", "padded"]}
        return {**y, "ragged": m["ragged"](x["flat"], x["offsets"]), "weighted": m["weighted"](x["bags"], per_sample_weights=x["scale"])}

    modules = nn.ModuleDict({
        "sum": nn.EmbeddingBag(9, 3, mode="sum"), "mean": nn.EmbeddingBag(9, 3), "max": nn.EmbeddingBag(9, 3, mode="max"), "padded": nn.EmbeddingBag(9, 3, padding_idx=4),
        "ragged": nn.EmbeddingBag(9, 3), "weighted": nn.EmbeddingBag(9, 3, mode="sum")})
    return modules, {"bags": bags, "flat": flat, "offsets": offsets, "scale": normal(3, 3)}, apply


# Recurrent layers.


def recurrent(module, cell, **inputs):
    """Applied to x, from the states that are given; the results are those of PyTorch."""

    def apply(m, x):
        start = (x["h"], x["c"]) if "c" in x else x.get("h")
        y, last = m(x["x"], start)
        return {"y": y, "h": last[0], "c": last[1]} if cell else {"y": y, "h": last}

    return module, inputs, apply


@case
def rnn():
    return recurrent(nn.RNN(3, 5, num_layers=2), False, x=normal(4, 2, 3))


@case
def rnn_relu():
    return recurrent(nn.RNN(3, 4, nonlinearity="relu", bidirectional=True, batch_first=True, bias=False), False, x=normal(2, 5, 3), h=normal(2, 2, 4))


@case
def lstm():
    return recurrent(nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True), True, x=normal(2, 5, 3))


@case
def lstm_started():
    return recurrent(nn.LSTM(3, 5), True, x=normal(4, 2, 3), h=normal(1, 2, 5), c=normal(1, 2, 5))


@case
def gru():
    return recurrent(nn.GRU(3, 4, num_layers=2, bidirectional=True, batch_first=True), False, x=normal(2, 5, 3))


@case
def gru_started():
    return recurrent(nn.GRU(3, 5, bias=False), False, x=normal(4, 2, 3), h=normal(1, 2, 5))


@case
def ragged_lstm():
    """Sequences of their own lengths, as packed ones are."""

    def apply(m, x):
        packed = nn.utils.rnn.pack_padded_sequence(x["x"], x["lengths"], batch_first=True, enforce_sorted=False)
        y, (h, c) = m(packed)
        return {"y": nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=x["x"].shape[1])[0], "h": h, "c": c}

    return nn.LSTM(3, 4, bidirectional=True, batch_first=True), {"x": normal(3, 5, 3), "lengths": torch.tensor([3, 5, 1])}, apply


@case
def cells():
    def apply(m, x):
        h, c = m["lstm"](x["x"], (x["h"], x["c"]))
        return {"rnn": m["rnn"](x["x"], x["h"]), "relu": m["relu"](x["x"], x["h"]), "lstm_h": h, "lstm_c": c, "gru": m["gru"](x["x"], x["h"])}

    modules = {"rnn": nn.RNNCell(3, 4), "relu": nn.RNNCell(3, 4, bias=False, nonlinearity="relu"), "lstm": nn.LSTMCell(3, 4), "gru": nn.GRUCell(3, 4)}
    return nn.ModuleDict(modules), {"x": normal(2, 3), "h": normal(2, 4), "c": normal(2, 4)}, apply


class Tagger(nn.Module):
    """Letters to tags, with layers of several kinds."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 4)
        self.lstm = nn.LSTM(4, 3, bidirectional=True, batch_first=True)
        self.norm = nn.LayerNorm(6)
        self.out = nn.Linear(6, 5)

    def forward(self, tokens):
        return self.out(self.norm(self.lstm(self.embed(tokens))[0]))


@case
def tagger():
    return Tagger(), {"tokens": torch.tensor([[1, 4, 0, 8, 2], [4, 4, 2, 0, 7]])}


# Attention and transformers. PyTorch's boolean masks are true where attention is NOT allowed.


def causal(length):
    return torch.ones(length, length, dtype=torch.bool).triu(1)


def padding(rows, length, *lengths):
    assert len(lengths) == rows
    return torch.arange(length)[None] >= torch.tensor(lengths)[:, None]


@case
def self_attention():
    def apply(m, x):
        y, weights = m(x["x"], x["x"], x["x"], key_padding_mask=x["padding"])
        each = m(x["x"], x["x"], x["x"], attn_mask=x["bias"], average_attn_weights=False)
        hidden = m(x["x"], x["x"], x["x"], attn_mask=x["mask"], need_weights=False)[0]
        return {"padded": y, "weights": weights, "biased": each[0], "each": each[1], "causal": hidden}

    return nn.MultiheadAttention(8, 2, batch_first=True), {
        "x": normal(2, 4, 8), "padding": padding(2, 4, 4, 2), "mask": causal(4), "bias": normal(4, 4)}, apply


@case
def cross_attention():
    def apply(m, x):
        y, weights = m(x["query"], x["key"], x["value"])
        return {"y": y, "weights": weights}

    return nn.MultiheadAttention(6, 3, kdim=4, vdim=5), {"query": normal(3, 2, 6), "key": normal(5, 2, 4), "value": normal(5, 2, 5)}, apply


@case
def plain_attention():
    return nn.MultiheadAttention(4, 2, bias=False, batch_first=True), {"query": normal(2, 3, 4), "memory": normal(2, 5, 4)}, (
        lambda m, x: m(x["query"], x["memory"], x["memory"], need_weights=False)[0])


def encoder_layer(**options):
    return nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, **options)


@case
def encoder():
    return nn.TransformerEncoder(encoder_layer(batch_first=True), 2, enable_nested_tensor=False), {"x": normal(2, 5, 8), "padding": padding(2, 5, 3, 5)}, (
        lambda m, x: m(x["x"], src_key_padding_mask=x["padding"]))


@case
def encoder_norm_first():
    module = nn.TransformerEncoder(encoder_layer(norm_first=True, activation="gelu", layer_norm_eps=1e-4), 2, norm=nn.LayerNorm(8), enable_nested_tensor=False)
    return module, {"x": normal(5, 2, 8), "mask": causal(5)}, lambda m, x: m(x["x"], mask=x["mask"])


@case
def decoder():
    module = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 12, dropout=0.0, batch_first=True), 2)
    return module, {"x": normal(2, 4, 8), "memory": normal(2, 6, 8), "mask": causal(4), "padding": padding(2, 6, 6, 4)}, (
        lambda m, x: m(x["x"], x["memory"], tgt_mask=x["mask"], memory_key_padding_mask=x["padding"]))


@case
def decoder_norm_first():
    module = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 4, 12, dropout=0.0, norm_first=True, activation="gelu"), 1, norm=nn.LayerNorm(8))
    return module, {"x": normal(4, 2, 8), "memory": normal(6, 2, 8), "mask": causal(4)}, lambda m, x: m(x["x"], x["memory"], tgt_mask=x["mask"])


@case
def transformer():
    module = nn.Transformer(8, 2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=12, dropout=0.0, batch_first=True)
    return module, {"source": normal(2, 5, 8), "target": normal(2, 3, 8), "mask": causal(3)}, lambda m, x: m(x["source"], x["target"], tgt_mask=x["mask"])


# What is written of a case.


def single(tensor):
    return (tensor.float() if tensor.is_floating_point() else tensor).detach().contiguous().clone()


def disturb(module):
    """Ones and zeros would hide a scale that is left out, or a bias."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
        for name, buffer in module.named_buffers():
            if name.endswith("running_mean"):
                buffer += 0.3 * torch.randn_like(buffer)
            elif name.endswith("running_var"):
                buffer += torch.rand_like(buffer)


def results(module, inputs, apply=None):
    found = apply(module, inputs) if apply else module(*inputs.values())
    return found if isinstance(found, dict) else {"y": found}


def tensors(module, inputs, apply=None):
    disturb(module)
    written = {name: single(value) for name, value in module.state_dict().items()}
    written.update({"input:" + name: single(value) for name, value in inputs.items()})
    module.double()  # of the same values: what PyTorch makes of them is then right to the last bit of float32
    inputs = {name: value.double().requires_grad_() if value.is_floating_point() else value for name, value in inputs.items()}
    buffers = dict(module.named_buffers())
    if buffers:
        module.eval()
        with torch.no_grad():
            written.update({"inference:" + name: single(value) for name, value in results(module, inputs, apply).items()})
    module.train()
    total = 0
    for name, value in results(module, inputs, apply).items():
        written["output:" + name] = single(value)
        weighting = torch.randn(value.shape)
        written["weighting:" + name] = single(weighting)
        total = total + (value * weighting.double()).sum()
    total.backward()
    for name, value in list(module.named_parameters()) + [("input:" + name, value) for name, value in inputs.items() if value.requires_grad]:
        written["gradient:" + name] = single(value.grad)
    written.update({"after:" + name: single(value) for name, value in buffers.items()})
    return written


def save(path, content, metadata):
    """The format of https://github.com/huggingface/safetensors: the length of a JSON header, the header, the bytes that it tells of."""
    header, blocks, offset = {"__metadata__": metadata}, [], 0
    for name in sorted(content, key=lambda n: (-content[n].element_size(), n)):
        block = content[name].numpy().tobytes()
        header[name] = {"dtype": TYPES[content[name].dtype], "shape": list(content[name].shape), "data_offsets": [offset, offset + len(block)]}
        blocks.append(block)
        offset += len(block)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blocks))


def file_name(make):
    return make.__name__.replace("_", "-")


def fresh():
    """Modules as PyTorch starts them, large enough that a spread is well known."""
    return {
        "linear": nn.Linear(100, 80), "conv": nn.Conv2d(12, 24, 3, groups=2), "conv_transposed": nn.ConvTranspose2d(12, 24, 3, groups=2),
        "embedding": nn.Embedding(100, 30, padding_idx=0), "embedding_bag": nn.EmbeddingBag(100, 30), "bilinear": nn.Bilinear(16, 24, 20), "rnn": nn.RNN(30, 50),
        "lstm": nn.LSTM(20, 40), "gru": nn.GRU(20, 40), "lstm_cell": nn.LSTMCell(20, 40), "attention": nn.MultiheadAttention(48, 4),
        "cross_attention": nn.MultiheadAttention(48, 4, kdim=32, vdim=80), "encoder_layer": nn.TransformerEncoderLayer(48, 4, 96),
        "decoder_layer": nn.TransformerDecoderLayer(48, 4, 96), "transformer": nn.Transformer(48, 4, 1, 1, 96), "prelu": nn.PReLU(30), "batch_norm": nn.BatchNorm2d(6),
        "layer_norm": nn.LayerNorm(6), "group_norm": nn.GroupNorm(2, 6), "instance_norm": nn.InstanceNorm2d(6, affine=True, track_running_stats=True),
    }


def spreads(path):
    lines = ["# module, parameter, shape, mean, standard deviation, largest number by magnitude\n"]
    for module, made in fresh().items():
        for name, value in made.state_dict().items():
            if value.is_floating_point():
                numbers = value.double()
                lines.append("%s,%s,%s,%.6g,%.6g,%.6g\n" % (
                    module, name, "x".join(map(str, value.shape)), numbers.mean(), numbers.std(unbiased=False), numbers.abs().max()))
    with open(path, "w") as file:
        file.writelines(lines)


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    os.makedirs(FOLDER, exist_ok=True)
    for make in CASES:
        torch.manual_seed(zlib.crc32(make.__name__.encode()))
        module, *rest = make()
        metadata = {"torch": "1.13.1", "module": str(module)}
        save(os.path.join(FOLDER, file_name(make) + ".safetensors"), tensors(module, *rest), metadata)
    torch.manual_seed(1)
    spreads(os.path.join(FOLDER, "..", "spreads.csv"))


if __name__ == "__main__":
    main()
