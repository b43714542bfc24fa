"""What came out of a program: files, events for programs, and the text that is right."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

from harness.rig.cluster import ROOT, Cluster
from harness.rig.program import Running

_ENGINE_ALONE = """
import os, sys
from bench.engine_alone import load
server = load(sys.argv[1], threads=1)
def chat(messages, texts):
    server.handle_chat_completions(
        {"messages": messages, "temperature": 0, "stream": True},
        lambda chunk: texts.append(chunk["choices"][0]["delta"].get("content") or ""),
    )
def dialogue(messages, texts):
    names = {"user": "User", "assistant": "Assistant"}
    lines = [names[one["role"]] + ": " + one["content"] for one in messages]
    server.handle_completions(
        {"prompt": "\\n".join([*lines, "Assistant:"]), "temperature": 0, "stream": True,
         "stop": ["\\nUser:"]},
        lambda chunk: texts.append(chunk["choices"][0]["text"] or ""),
    )
messages = []
for line in sys.argv[3:]:
    messages.append({"role": "user", "content": line})
    texts = []
    {"chat": chat, "dialogue": dialogue}[sys.argv[2]](messages, texts)
    print("".join(texts), flush=True)
    messages.append({"role": "assistant", "content": "".join(texts).strip()})
os._exit(0)
"""


@functools.cache
def of_engine_alone(*prompts: str, dialogue: bool = False) -> str:
    """What the bundled model answers at temperature 0, by its engine without any of rbee.

    Several prompts are the user's part of one conversation, whose answers stand on a line each;
    as a `dialogue` it is written out for a model that does not know how to chat.
    """
    model = ROOT / "rbee" / "hive" / "models" / "bundled" / "minillama.gguf"
    how = "dialogue" if dialogue else "chat"
    command = [sys.executable, "-c", _ENGINE_ALONE, str(model), how, *prompts]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=240
    )
    assert done.stdout.strip(), done.stderr
    return done.stdout


def assert_all_answered(cluster: Cluster, terminals: Iterable[Running]) -> None:
    """Each of these commands ends well, with its stream told to the end."""
    for running in terminals:
        finished = cluster.finish(running)
        cluster.assert_status(0, finished)
        cluster.assert_narrated("[DONE]", finished)


def assert_runs_until_interrupted(cluster: Cluster, running: Running) -> None:
    """A command is still at work, and ends by Ctrl+C as it should."""
    assert not running.has_ended, running
    running.interrupt()
    cluster.assert_status(130, cluster.finish(running))


def assert_file(cluster: Cluster, name: str, text: str) -> None:
    """A file in the folder of the commands contains this text."""
    assert text in (cluster.work / name).read_text(), (cluster.work / name).read_text()


def assert_not_in_file(cluster: Cluster, name: str, text: str) -> None:
    """A file in the folder of the commands does not contain this text."""
    assert text not in (cluster.work / name).read_text(), (cluster.work / name).read_text()


def events(cluster: Cluster) -> list[dict[str, Any]]:
    """The events for programs of the last command. Raises ValueError for a line that is none."""
    return [json.loads(line) for line in cluster.last.stderr.splitlines()]


def assert_events(cluster: Cluster) -> None:
    """Every line of stderr is an event with a name and data."""
    for event in events(cluster):
        assert set(event) == {"event", "data"}, event


def assert_ends_before_cascade(cluster: Cluster, name: str) -> None:
    """The event of this name came once, before the narration of the cascade."""
    names = [
        event["data"].get("action", "") if event["event"] == "narration" else event["event"]
        for event in events(cluster)
    ]
    assert names.count(name) == 1, names
    assert names.index(name) < names.index("queen.shutdown"), names


def assert_event_tells(cluster: Cluster, name: str, field: str, value: str) -> None:
    """The one event of this name has this value."""
    found = [event["data"] for event in events(cluster) if event["event"] == name]
    assert len(found) == 1, events(cluster)
    assert str(found[0][field]) == value, found[0]


def assert_counts_and_times(cluster: Cluster) -> None:
    """`done` tells a learnt end, tokens in and out, and times that are in order."""
    done = next(event["data"] for event in events(cluster) if event["event"] == "done")
    assert done.get("finish_reason", "stop") == "stop", done
    assert done["tokens_in"] > 0, done
    assert 0 < done["tokens_out"] < 40, done
    assert 0 < done["ttft_ms"] <= done["duration_ms"], done
