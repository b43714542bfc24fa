"""llama.cpp in this process, through xllamacpp: the default engine."""

from __future__ import annotations

from typing import get_args

import xllamacpp

from rbee.wire.messages.workers import Ability, EngineFacts
from rbee.worker.engines import Engine, Remote, rpc
from rbee.worker.engines.llamacpp.devices import backends, devices
from rbee.worker.engines.llamacpp.model import LlamaCpp
from rbee.worker.engines.llamacpp.template import try_template

ENGINE = Engine(
    EngineFacts(
        engine="llamacpp",
        can=get_args(Ability),
        splits=True,
        shares=True,
        install={
            "cpu": "pip install xllamacpp",
            "cuda": "pip install --force-reinstall xllamacpp --index-url "
            "https://xorbitsai.github.io/xllamacpp/whl/cu128",
            "metal": "pip install --force-reinstall xllamacpp (its macOS wheel has Metal)",
            "rocm": "pip install --force-reinstall xllamacpp --index-url "
            "https://xorbitsai.github.io/xllamacpp/whl/rocm-7.2.4 (or rocm-6.4.1)",
            "vulkan": "pip install --force-reinstall xllamacpp --index-url "
            "https://xorbitsai.github.io/xllamacpp/whl/vulkan",
            "sycl": "pip install --force-reinstall xllamacpp --index-url "
            "https://xorbitsai.github.io/xllamacpp/whl/vulkan (there is no wheel with SYCL)",
            "rpc": rpc.BUILD,
        },
    ),
    title="llama.cpp",
    version=lambda: str(xllamacpp.__version__),
    backends=backends,
    devices=devices,
    load=LlamaCpp,
    try_template=try_template,
    count_prompt=LlamaCpp.count_prompt,
    remote=Remote(rpc.protocol, rpc.why_not, rpc.load, rpc.serve),
    tokenize=LlamaCpp.tokenize,
    detokenize=LlamaCpp.detokenize,
    rank=LlamaCpp.rank,
)
