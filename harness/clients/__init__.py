"""Programs with clients that others wrote, which run in an environment of their own.

Each of them reads from stdin what to ask for, one name a line, and answers with a line each (see
`asking.serve`). The queen and the key are in the environment, as ``rbee-keeper up --print-env``
prints them.
"""

import sys
from pathlib import Path
from typing import Any

#: Where that environment is, once `make test` has made it.
HOME = Path(sys.prefix) / ".clients"
#: What goes with none of the others, and where each is.
HOMES = {
    "instructor": Path(sys.prefix) / ".client-instructor",
    "aider": Path(sys.prefix) / ".client-aider",
    "JavaScript": Path(sys.prefix) / ".client-javascript",
}

HELLO = "hello"
#: More than the context of minillama holds.
TOO_LONG = "bee " * 900
#: Words that take a while to be read.
LONG = "story " * 7000
#: What a scenario asks for last.
OVER = "over"
#: What is asked of a program for a command: where it is typed, and that it be run.
PLACE, TYPED = "a place for what is typed", "what is typed"
#: What somebody got whose request failed.
NOTHING = "nothing"
#: A function that a model may call: its name, what it does, and the schema of its arguments.
WEATHER = "weather"
WEATHER_IS = "The weather of a city."
WEATHER_OF: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "enum": ["Rome", "Paris"]}},
    "required": ["city"],
}
#: The same as most APIs have a tool.
WEATHER_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": WEATHER, "description": WEATHER_IS, "parameters": WEATHER_OF},
}
#: A model that never ends.
ENDLESS = "HF:author/endless-llama"
