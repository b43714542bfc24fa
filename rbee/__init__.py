"""rbee turns the computers at home into one LLM server.

Four roles (`keeper`, `queen`, `hive`, `worker`) that never import one another, and three
shared rooms: `wire` (what they say), `http` (how they say it), `process` (how one starts,
watches and stops another).
"""

__version__ = "0.1.0"
