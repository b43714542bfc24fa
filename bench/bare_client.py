"""A client in plain Python: one job, its text on stdout. It imports nothing of rbee.

``python bench/bare_client.py PORT TOKEN_FILE MODEL PROMPT SEED``. What a warm ``rbee-keeper infer``
is measured against.
"""

from __future__ import annotations

import http.client
import json
import sys


def main(port: str, token_file: str, model: str, prompt: str, seed: str) -> None:
    """Hands the job in, and writes each token as it comes."""
    with open(token_file) as file:
        headers = {"Authorization": f"Bearer {file.read().strip()}"}
    wanted = {"model_ref": model, "prompt": prompt, "temperature": 0, "seed": int(seed)}
    connection = http.client.HTTPConnection("127.0.0.1", int(port))
    connection.request("POST", "/jobs", json.dumps(wanted), headers)
    job = json.loads(connection.getresponse().read())
    connection.request("GET", job["events_url"], headers=headers)
    event = b""
    for line in connection.getresponse():
        name, _, value = line.rstrip(b"\n").partition(b": ")
        if name == b"event":
            event = value
        elif name == b"data" and event == b"token":
            sys.stdout.write(json.loads(value)["t"])
            sys.stdout.flush()
    sys.stdout.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
