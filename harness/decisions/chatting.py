"""What a chat makes of its lines, in this process."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from rbee.keeper import chat_files
from rbee.keeper.chat import COMMANDS
from rbee.keeper.conversation import Conversation, Saved, Turn, command_in
from rbee.keeper.options import MODEL_OPTIONS, Options
from rbee.wire.errors import RbeeError
from rbee.wire.messages.basics import encode

_FILES = {
    "a conversation": encode(Saved(rbee_chat=1, turns=[Turn("hello", "Hello!")])),
    "another kind of JSON": b'{"turns": 3}',
    "a conversation of a later form": b'{"rbee_chat": 2, "turns": []}',
    "something that is no text": b"\xff\x00GGUF",
}


def what_is(line: str) -> str:
    """What a line is taken for."""
    found = command_in(line, COMMANDS)
    if found is None:
        return "said to the model"
    behind = f' with "{found.argument}"' if found.argument else ""
    return f"the command {found.command}{behind}"


def begun(typed: str = "") -> Conversation:
    """A chat that was begun with an option and its value, or with none."""
    options: Options = {option.name: option.absent for option in MODEL_OPTIONS}
    options["system"] = None
    name, _, value = typed.removeprefix("--").partition(" ")
    for option in MODEL_OPTIONS:
        if option.name == name:
            options[name] = option.kind.read(value)
    return Conversation(options)


def replied(chat: Conversation, words: str) -> str:
    """What `/set` with these words replies."""
    try:
        return chat.set(words)
    except RbeeError as error:
        return f"error: {error.message}"


def of_turns(count: int) -> Conversation:
    """A chat of so many turns, each of which can be told from the others."""
    chat = begun()
    for number in range(count):
        chat.went_on(f"question {number}", f"answer {number}", "")
    return chat


def gone_on(what: str) -> str:
    """What comes of going on with a file that holds this."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "chat.json")
        path.write_bytes(_FILES[what])
        try:
            return f"it goes on after {len(chat_files.load(str(path)).turns)} turn"
        except RbeeError as error:
            return _refusal(error)


def kept_over_another() -> tuple[str, bytes, list[str]]:
    """What comes of keeping a chat in a file that holds another thing, what that holds then, and
    the files that are there."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "shopping")
        path.write_bytes(b"bread")
        try:
            chat_files.save(str(path), of_turns(1).saved())
            told = "kept"
        except RbeeError as error:
            told = _refusal(error)
        return told, path.read_bytes(), os.listdir(folder)


def _refusal(error: RbeeError) -> str:
    assert error.code == "invalid_request" and error.suggestion, error
    return f"it is refused as {'no conversation' if 'is no conv' in error.message else error}"
