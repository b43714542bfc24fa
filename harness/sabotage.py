"""Shows that the suite has teeth: each fault below turns the named scenario red.

``python -m harness.sabotage [--jobs N] [--real] [words]`` runs each scenario twice, as it is (it
has to be green) and with ``RBEE_SABOTAGE=<role>:<fault>`` in the environment (it has to be red).
`words` select the sabotages whose role:fault contains one of them, ``--real`` those that a
scenario with real weights has to notice.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from behave.parser import ParserError

from harness import ledger, run

#: The longest that one scenario may take, in seconds.
LIMIT_S = 180.0


@dataclass(frozen=True)
class Sabotage:
    """A fault of one daemon and the scenario that has to notice it."""

    role: str
    fault: str
    scenario_name: str
    feature_file: str

    @property
    def name(self) -> str:
        """The value of RBEE_SABOTAGE."""
        return f"{self.role}:{self.fault}"


_PHASES = "features/phases"
_REAL = "features/real"
_BRANCHES = "features/branches"
_COMMANDS = "features/commands"
_DECISIONS = "features/decisions"
_MACHINES = "features/machines"
_SECURITY = "features/promises/security"
_DOWNLOADS = "features/promises/downloads_survive.feature"
_STRANGERS = "features/promises/security/strangers_stop_nobody.feature"
_HARMS = "features/promises/security/one_model_harms_itself_alone.feature"
_CONFINED = "features/promises/security/a_worker_is_confined.feature"
_KILLED = "features/promises/nothing_left_behind.feature"

SABOTAGES: tuple[Sabotage, ...] = (
    Sabotage("server", "no-bounds", "Half-sent requests", _STRANGERS),
    Sabotage("server", "wait-for-heads", "Half-sent requests", _STRANGERS),
    Sabotage("server", "take-any-text", "What is no text", _STRANGERS),
    Sabotage("server", "log-nonsense", "What is no text", _STRANGERS),
    Sabotage("server", "unpack-for-all", "A body that becomes a gigabyte", _STRANGERS),
    Sabotage("server", "wait-for-bodies", "A slow line", _STRANGERS),
    Sabotage("server", "any-name", "A name that is none of this machine", _STRANGERS),
    Sabotage("logs", "let-it-grow", "A log that grows", _STRANGERS),
    Sabotage(
        "logs", "tell-each", "A fault that comes again and again", f"{_DECISIONS}/strangers.feature"
    ),
    Sabotage(
        "worker",
        "engine-port",
        "The engine has no port of its own",
        "features/promises/secrets.feature",
    ),
    Sabotage(
        "queen",
        "room-for-all",
        "What jobs ask for is kept until they are over, as much as there is room for",
        f"{_DECISIONS}/what_is_kept.feature",
    ),
    Sabotage(
        "worker",
        "read-all-marks",
        '80000 times "<|im_start|>" for a context of 8192 tokens -- @1.1 ',
        f"{_DECISIONS}/what_is_asked.feature",
    ),
    Sabotage(
        "hive",
        "one-pool-for-all",
        "A hub takes its time with each of ten models",
        f"{_SECURITY}/one_request_stops_no_other.feature",
    ),
    Sabotage(
        "hive",
        "one-host-for-all",
        "Of downloads from slow fast, while slow slow slow are under way, fast begins -- @1.4 ",
        f"{_DECISIONS}/background_work.feature",
    ),
    Sabotage(
        "worker",
        "any-schema",
        "An answer in the form of 200 properties that may be left out is refused -- @1.9 ",
        f"{_DECISIONS}/forms_of_answers.feature",
    ),
    Sabotage(
        "worker",
        "flat-enum",
        "An answer in the form of 1,000 values is taken -- @1.2 ",
        f"{_DECISIONS}/forms_of_answers.feature",
    ),
    Sabotage(
        "queen",
        "keep-every-byte",
        "A thousand long jobs",
        f"{_DECISIONS}/what_is_kept.feature",
    ),
    Sabotage(
        "hive",
        "keep-all-progress",
        "A download that takes hours",
        f"{_DECISIONS}/what_is_kept.feature",
    ),
    Sabotage(
        "hive",
        "believe-the-hub",
        'A file called "../model.gguf" -- @1.4 ',
        "features/wire/what_a_hub_says.feature",
    ),
    Sabotage(
        "hive",
        "believe-the-cache",
        "A cache that others may write to does not hold what the hub lists",
        "features/promises/security/hubs.feature",
    ),
    Sabotage(
        "hive",
        "believe-the-commit",
        "A hub whose listing leads out of the home",
        "features/promises/security/hubs.feature",
    ),
    Sabotage(
        "keeper",
        "raw-terminal",
        "A log in which somebody else has written",
        f"{_SECURITY}/terminals.feature",
    ),
    Sabotage(
        "queen",
        "forged-log",
        "A line of a log cannot be forged",
        f"{_DECISIONS}/what_a_terminal_is_shown.feature",
    ),
    Sabotage(
        "queen",
        "keys-open-files",
        "Files, repositories and names that a key may not use cannot be told apart",
        f"{_SECURITY}/keys.feature",
    ),
    Sabotage(
        "queen",
        "keys-hear-all",
        "A key with a list and leave to fetch has what is on the list fetched",
        f"{_SECURITY}/keys.feature",
    ),
    Sabotage(
        "queen",
        "keys-outlive-removal",
        "A key that another queen removes is cut off everywhere, and its slots are free",
        f"{_SECURITY}/keys.feature",
    ),
    Sabotage(
        "everybody",
        "trust-the-port",
        "Another user holds the queen's port",
        f"{_SECURITY}/who_listens.feature",
    ),
    Sabotage(
        "everybody",
        "believe-any-connection",
        "Another user passes on to the queen what is meant for her",
        f"{_SECURITY}/who_listens.feature",
    ),
    Sabotage(
        "everybody",
        "proved-once-for-all",
        "What one hive has proved opens nothing for the secret of another",
        f"{_DECISIONS}/proofs.feature",
    ),
    Sabotage(
        "everybody",
        "believe-whose-port-ever",
        "Another user passes on what is meant for a queen that a person names",
        f"{_SECURITY}/who_listens.feature",
    ),
    Sabotage(
        "queen",
        "any-heartbeat",
        "A heartbeat counts only from the hive that it names",
        f"{_SECURITY}/who_listens.feature",
    ),
    Sabotage(
        "keeper",
        "keep-the-token",
        "The token is replaced by another one",
        f"{_SECURITY}/who_listens.feature",
    ),
    Sabotage(
        "everybody",
        "believe-the-home",
        "A home into which anybody may write -- @1.1 ",
        "features/promises/security/homes.feature",
    ),
    Sabotage(
        "everybody",
        "open-to-all",
        "What is written into a home is for its user alone",
        "features/promises/security/homes.feature",
    ),
    Sabotage(
        "worker",
        "no-trial",
        "A story goes on while the models of others come to grief",
        _HARMS,
    ),
    Sabotage(
        "worker",
        "unbounded",
        "What a template does with some messages is told of that model",
        _HARMS,
    ),
    Sabotage(
        "hive",
        "forget-the-deadly",
        "A model that has killed its engine is not loaded again for the next who asks",
        _HARMS,
    ),
    Sabotage(
        "worker",
        "unconfined",
        "What a bad model would have it do is refused",
        _CONFINED,
    ),
    Sabotage(
        "hive",
        "tell-workers-all",
        "No secret of the environment reaches a worker",
        _CONFINED,
    ),
    Sabotage(
        "worker",
        "hard-to-kill",
        "Its memory is bounded, where it lacks the worker goes first, and the doctor tells",
        _CONFINED,
    ),
    Sabotage(
        "queen",
        "blame-the-model",
        "Workers died with another template; a job asks for its own template -- @1.2 "
        "what somebody brings along is nothing to those who do without",
        f"{_DECISIONS}/confined_workers.feature",
    ),
    Sabotage(
        "hive",
        "count-for-ever",
        "A worker dies that was ready for 31 seconds -- @1.3 ",
        f"{_DECISIONS}/confined_workers.feature",
    ),
    Sabotage(
        "hive",
        "believe-counts",
        "Headers that mean harm",
        f"{_DECISIONS}/hostile_headers.feature",
    ),
    Sabotage(
        "hive",
        "believe-numbers",
        "A header of 200 bytes that promises millions of layers",
        f"{_SECURITY}/hostile_models.feature",
    ),
    Sabotage(
        "process",
        "open-anything",
        "Nothing is opened but a file, and nothing waits for one",
        f"{_DECISIONS}/hostile_headers.feature",
    ),
    Sabotage(
        "worker",
        "leave-anyway",
        "A worker that somebody has just come to is not unloaded as idle",
        "features/wire/worker.feature",
    ),
    Sabotage(
        "queen",
        "mix-vectors",
        "A worker for vectors alone beside one that writes",
        f"{_BRANCHES}/many_callers.feature",
    ),
    Sabotage(
        "queen",
        "late-comers-first",
        "Where there is no room for one, who came first is served first",
        f"{_BRANCHES}/many_callers.feature",
    ),
    Sabotage(
        "keeper",
        "lose-the-answer",
        "The disk is full",
        f"{_COMMANDS}/odd_terminals.feature",
    ),
    Sabotage(
        "keeper",
        "strict-terminal",
        "A terminal of one byte for each character",
        f"{_COMMANDS}/odd_terminals.feature",
    ),
    Sabotage(
        "keeper",
        "trust-the-folder",
        "Files there are called as Python's own",
        f"{_COMMANDS}/odd_homes.feature",
    ),
    Sabotage(
        "queen",
        "home-in-a-url",
        "A home called \"a?b=c#d%20 é 'f'\" -- @1.1 ",
        f"{_COMMANDS}/odd_homes.feature",
    ),
    Sabotage(
        "queen",
        "any-name",
        "A hive whose name is misspelt, where nothing is awake",
        f"{_COMMANDS}/lists.feature",
    ),
    Sabotage(
        "queen",
        "leave-no-note",
        "Her address was set anew while she is awake",
        f"{_COMMANDS}/up_down_status.feature",
    ),
    Sabotage(
        "queen",
        "forget-the-token",
        "A token counts for the command it is given to, also where the queen was awake before",
        f"{_PHASES}/phase_07_fetch_the_model.feature",
    ),
    Sabotage(
        "worker",
        "hide-the-cut",
        "An answer that fills the context says so",
        f"{_PHASES}/phase_11_stream_tokens.feature",
    ),
    Sabotage(
        "worker",
        "form-over-thought",
        "A form and a call that are demanded, where the template has a switch -- @1.1 ",
        f"{_REAL}/thinking.feature",
    ),
    Sabotage(
        "worker",
        "blame-itself",
        "What real models refuse",
        "features/wire/engine.feature",
    ),
    Sabotage(
        "hive",
        "any-engine",
        "A worker cannot be started, either, for a device that its engine does not find",
        f"{_PHASES}/phase_04_detect_devices.feature",
    ),
    Sabotage(
        "hive",
        "companions-too",
        "Beside the model lies mmproj-a-Q4_K_M.gguf 100 -- @1.1 each of them looks like the better "
        "quant",
        "features/decisions/choose_a_file.feature",
    ),
    Sabotage(
        "tasks",
        "nobody-sees-the-end",
        'Work that raises what nobody foresaw is told as "internal: ValueError: the moon is full" '
        "-- @1.1 ",
        "features/decisions/background_work.feature",
    ),
    Sabotage(
        "worker",
        "trust-names",
        "A file that is replaced is noticed by a worker that is warm",
        f"{_BRANCHES}/models_change.feature",
    ),
    Sabotage(
        "queen",
        "no-cascade",
        "Who woke the queen puts the swarm to sleep",
        f"{_PHASES}/phase_12_sleep.feature",
    ),
    Sabotage(
        "queen",
        "wrong-gpu",
        "The GPU with the most memory is picked",
        f"{_PHASES}/phase_05_schedule.feature",
    ),
    Sabotage(
        "queen",
        "no-auth",
        "The queen lets nobody in without the token -- @1.1 ",
        "features/promises/secrets.feature",
    ),
    Sabotage(
        "queen",
        "ignore-cancel",
        "A cancelled job frees its slot at once",
        f"{_PHASES}/phase_11_stream_tokens.feature",
    ),
    Sabotage(
        "hive",
        "no-heartbeat",
        "An empty catalog gets the local machine",
        f"{_PHASES}/phase_03_wake_a_hive.feature",
    ),
    Sabotage(
        "hive",
        "skip-checksum",
        "A download with wrong bytes is refused",
        _DOWNLOADS,
    ),
    Sabotage(
        "hive",
        "catalog-before-download",
        "A download that breaks off leaves no row in the catalog",
        _DOWNLOADS,
    ),
    Sabotage(
        "hive",
        "forget-model",
        "The second time the machine is known and the model is there",
        "features/flows/cold_infer.feature",
    ),
    Sabotage(
        "worker",
        "drop-token",
        "No token is lost on the way",
        f"{_PHASES}/phase_11_stream_tokens.feature",
    ),
    Sabotage(
        "worker",
        "no-terminal-event",
        "The end of an answer is learnt",
        f"{_PHASES}/phase_11_stream_tokens.feature",
    ),
    Sabotage(
        "worker",
        "ignore-cancel",
        "A cancelled job frees its slot at once",
        f"{_PHASES}/phase_11_stream_tokens.feature",
    ),
    Sabotage(
        "worker",
        "ignore-lifeline",
        "The hive is killed while tokens flow -- @5.3 while tokens flow",
        _KILLED,
    ),
    Sabotage(
        "hive",
        "keep-descriptors",
        "A program that began as a copy of another holds nothing of its",
        "features/promises/nothing_left_behind.feature",
    ),
    Sabotage(
        "worker",
        "ignore-lifeline",
        "Whoever is struck, the next prompt finds the swarm in order",
        "features/promises/chaos.feature",
    ),
    Sabotage(
        "queen",
        "no-second-try",
        "A device on which workers keep dying is left for another",
        f"{_BRANCHES}/workers_fail.feature",
    ),
    Sabotage(
        "queen",
        "ignore-stay",
        "Another keeper asks her to stay",
        f"{_BRANCHES}/queens_are_shared.feature",
    ),
    Sabotage(
        "queen",
        "desert-others",
        "Her sleep waits for somebody else's story",
        f"{_BRANCHES}/queens_are_shared.feature",
    ),
    Sabotage(
        "queen",
        "never-offline",
        "A frozen hive is listed as offline, and is back when it beats again",
        f"{_BRANCHES}/hives_fail.feature",
    ),
    Sabotage(
        "queen",
        "no-adoption",
        "A new queen takes the hive over, with the worker it kept",
        f"{_BRANCHES}/queens_die.feature",
    ),
    Sabotage(
        "hive",
        "spare-the-stuck",
        "A worker that is frozen in the middle of a story is replaced",
        f"{_BRANCHES}/workers_fail.feature",
    ),
    Sabotage(
        "worker",
        "count-output-alone",
        "A person watches it being read",
        "features/real/long_prompts.feature",
    ),
    Sabotage(
        "hive",
        "keep-idle",
        "An idle worker leaves after its time, and the next prompt loads it again",
        f"{_BRANCHES}/workers_fail.feature",
    ),
    Sabotage(
        "hive",
        "never-unload",
        "An idle worker is unloaded to make room",
        f"{_BRANCHES}/a_worker_is_in_the_way.feature",
    ),
    Sabotage(
        "keeper",
        "tokens-on-stderr",
        "Tokens and narration go separate ways",
        f"{_PHASES}/phase_02_hand_in_a_job.feature",
    ),
    Sabotage(
        "keeper",
        "always-wake",
        "A queen that is awake is used and left alone",
        f"{_PHASES}/phase_01_wake_the_queen.feature",
    ),
    Sabotage(
        "keeper",
        "any-queen",
        "A queen that was started before an upgrade",
        f"{_BRANCHES}/queens_are_shared.feature",
    ),
    Sabotage(
        "everybody",
        "trust-the-port",
        "The queen who is awake has another token",
        f"{_PHASES}/phase_01_wake_the_queen.feature",
    ),
    Sabotage(
        "keeper",
        "impatient",
        "A prompt that comes while she puts everything to sleep",
        f"{_BRANCHES}/queens_are_shared.feature",
    ),
    Sabotage(
        "keeper",
        "forgetful-chat",
        "The lines of a pipe are one conversation",
        f"{_COMMANDS}/chat.feature",
    ),
    Sabotage(
        "keeper",
        "look-once",
        "A log is followed until Ctrl+C",
        f"{_COMMANDS}/stop_and_logs.feature",
    ),
    Sabotage(
        "queen",
        "always-ask",
        "A hive that is awake is not woken again",
        f"{_PHASES}/phase_03_wake_a_hive.feature",
    ),
    Sabotage(
        "queen",
        "believe-for-ever",
        "Old capabilities are asked for again",
        f"{_BRANCHES}/hives_fail.feature",
    ),
    Sabotage(
        "queen",
        "leave-the-dead",
        "The next prompt wakes another hive",
        f"{_BRANCHES}/hives_fail.feature",
    ),
    Sabotage(
        "queen",
        "ignore-node",
        "What nobody has is refused with what there is -- @1.3 ",
        f"{_PHASES}/phase_05_schedule.feature",
    ),
    Sabotage(
        "queen",
        "ignore-device",
        "A device that is named is used",
        f"{_PHASES}/phase_05_schedule.feature",
    ),
    Sabotage(
        "queen",
        "ignore-device",
        "The CPU is used when it is asked for",
        f"{_PHASES}/phase_05_schedule.feature",
    ),
    Sabotage(
        "queen",
        "never-reuse",
        "A warm worker is used as it is",
        f"{_PHASES}/phase_10_heartbeats.feature",
    ),
    Sabotage(
        "queen",
        "far-first",
        "Among equal processors the one at hand is taken",
        f"{_MACHINES}/waking.feature",
    ),
    Sabotage(
        "hive",
        "no-fit-check",
        "No room on the strongest GPU, nor on the next, but in RAM",
        f"{_PHASES}/phase_06_check_the_room.feature",
    ),
    Sabotage(
        "queen",
        "first-or-none",
        "No room on the strongest GPU, nor on the next, but in RAM",
        f"{_PHASES}/phase_06_check_the_room.feature",
    ),
    Sabotage(
        "queen",
        "no-fallback",
        "The CPU is used when no GPU has room, and nobody can miss it",
        f"{_PHASES}/phase_06_check_the_room.feature",
    ),
    Sabotage(
        "queen",
        "silent-fallback",
        "The CPU is used when no GPU has room, and nobody can miss it",
        f"{_PHASES}/phase_06_check_the_room.feature",
    ),
    Sabotage(
        "hive",
        "no-advice",
        "A named device without room fails at once, with a quant that would fit",
        f"{_PHASES}/phase_06_check_the_room.feature",
    ),
    Sabotage(
        "hive",
        "no-resume",
        "A connection that is cut",
        _DOWNLOADS,
    ),
    Sabotage(
        "hive",
        "no-resume",
        "The run after a failure goes on at the same byte",
        _DOWNLOADS,
    ),
    Sabotage(
        "hive",
        "trust-disk",
        "A model that was changed on disk is fetched again",
        f"{_BRANCHES}/catalogs_break.feature",
    ),
    Sabotage(
        "hive",
        "download-twice",
        "All who want the same model at the same time share one download and one worker",
        f"{_PHASES}/phase_07_fetch_the_model.feature",
    ),
    Sabotage(
        "queen",
        "load-twice",
        "All who want the same model at the same time share one download and one worker",
        f"{_PHASES}/phase_07_fetch_the_model.feature",
    ),
    Sabotage(
        "hive",
        "any-disk-trouble",
        "Another program fills the disk in the middle of a download",
        _DOWNLOADS,
    ),
    Sabotage(
        "queen",
        "keep-the-corrupt",
        "Corrupt catalogs are set aside by name, and nothing is fetched again",
        f"{_BRANCHES}/catalogs_break.feature",
    ),
    Sabotage(
        "queen",
        "locked-is-corrupt",
        "A catalog that another program has locked is named -- @1.1 ",
        f"{_BRANCHES}/catalogs_break.feature",
    ),
    Sabotage(
        "queen",
        "locked-is-corrupt",
        "A catalog that another program has locked is named -- @1.2 ",
        f"{_BRANCHES}/catalogs_break.feature",
    ),
    Sabotage(
        "hive",
        "unload-busy",
        "A busy worker is never unloaded",
        f"{_BRANCHES}/a_worker_is_in_the_way.feature",
    ),
    Sabotage(
        "queen",
        "crowd-the-cpu",
        "On the CPU it is waited for",
        f"{_BRANCHES}/a_worker_is_busy.feature",
    ),
    Sabotage(
        "hive",
        "no-restart",
        "A worker that dies while it loads is started again",
        f"{_PHASES}/phase_09_start_the_worker.feature",
    ),
    Sabotage(
        "hive",
        "never-notice",
        "A worker that sends no more heartbeats is replaced",
        f"{_BRANCHES}/workers_fail.feature",
    ),
    Sabotage(
        "hive",
        "ignore-lease",
        "Without a new queen the hive goes to sleep when its lease ends",
        f"{_BRANCHES}/queens_die.feature",
    ),
    Sabotage(
        "queen",
        "never-rejoin",
        "A frozen hive is listed as offline, and is back when it beats again",
        f"{_BRANCHES}/hives_fail.feature",
    ),
    Sabotage(
        "queen",
        "wait-for-the-silent",
        "A machine is pulled from the wall in the middle of a story",
        f"{_MACHINES}/partitions.feature",
    ),
    Sabotage(
        "worker",
        "stream-anyway",
        "A conversation is answered without streaming by one event with the whole text",
        "features/wire/queen.feature",
    ),
    Sabotage(
        "queen",
        "ignore-gone-reader",
        "A client that vanishes frees its slot",
        f"{_BRANCHES}/nobody_listens.feature",
    ),
    Sabotage(
        "queen",
        "ignore-deadline",
        "A deadline ends the job, with a status of its own",
        f"{_PHASES}/phase_11_stream_tokens.feature",
    ),
    Sabotage(
        "queen",
        "hide-workers",
        "Each list tells people what is there, under its heading",
        f"{_COMMANDS}/lists.feature",
    ),
    Sabotage(
        "queen",
        "hide-hives",
        "Each list tells people what is there, under its heading",
        f"{_COMMANDS}/lists.feature",
    ),
    Sabotage(
        "queen",
        "hide-devices",
        "Each list tells people what is there, under its heading",
        f"{_COMMANDS}/lists.feature",
    ),
    Sabotage(
        "queen",
        "hide-models",
        "Each list tells people what is there, under its heading",
        f"{_COMMANDS}/lists.feature",
    ),
    Sabotage(
        "hive",
        "keep-files",
        "A model that was pulled is removed",
        f"{_COMMANDS}/models.feature",
    ),
    Sabotage(
        "hive",
        "deaf-to-stop",
        "A worker is stopped by the first letters of its id",
        f"{_COMMANDS}/stop_and_logs.feature",
    ),
    Sabotage(
        "queen",
        "deaf-to-down",
        "Down ends what up began",
        f"{_COMMANDS}/up_down_status.feature",
    ),
    Sabotage(
        "queen",
        "ignore-stay",
        "Up from nothing",
        f"{_COMMANDS}/up_down_status.feature",
    ),
    Sabotage(
        "queen",
        "trust-any-host",
        "A script is told the fingerprint, and what to type",
        f"{_MACHINES}/adding.feature",
    ),
    Sabotage(
        "queen",
        "trust-any-host",
        "Another machine answers under the name of one that was added",
        f"{_MACHINES}/adding.feature",
    ),
    Sabotage(
        "queen",
        "localhost-to-all",
        "A new queen takes it over, without a tunnel",
        f"{_MACHINES}/waking.feature",
    ),
    Sabotage(
        "queen",
        "no-ssh-kill",
        "A frozen hive on another machine, without a tunnel",
        f"{_MACHINES}/waking.feature",
    ),
    Sabotage(
        "queen",
        "ignore-holders",
        "Of two equal machines the one that has the model is taken",
        f"{_MACHINES}/troubles.feature",
    ),
    Sabotage(
        "queen",
        "wait-for-the-frozen",
        "A machine that is frozen holds nobody up",
        f"{_MACHINES}/troubles.feature",
    ),
    Sabotage(
        "queen",
        "forget-failures",
        "Where each device fails, the error tells of each, and a list shows them for a while",
        f"{_BRANCHES}/workers_fail.feature",
    ),
    Sabotage(
        "keeper",
        "claim-connection",
        "A queen whose events cannot be read -- @1.2 ",
        "features/decisions/connected.feature",
    ),
    Sabotage(
        "hive",
        "trust-addresses",
        "A hive that a person has started for the queen at 0.0.0.0 -- @1.2 ",
        f"{_BRANCHES}/queens_are_shared.feature",
    ),
    Sabotage(
        "queen",
        "first-come",
        "A key that comes late is served next",
        f"{_BRANCHES}/many_callers.feature",
    ),
    Sabotage(
        "queen",
        "flood",
        "A queue that one key has flooded still has places for another",
        f"{_BRANCHES}/many_callers.feature",
    ),
    Sabotage(
        "queen",
        "silent-queue",
        "Behind a job that runs",
        f"{_BRANCHES}/many_callers.feature",
    ),
    Sabotage(
        "hive",
        "one-slot",
        "One worker answers several at the same time",
        f"{_BRANCHES}/many_callers.feature",
    ),
    Sabotage(
        "queen",
        "keys-for-all",
        "A key opens the API for programs, and nothing else",
        f"{_COMMANDS}/keys.feature",
    ),
    Sabotage(
        "queen",
        "remember-keys",
        "A key that was removed opens nothing any more",
        f"{_COMMANDS}/keys.feature",
    ),
    Sabotage(
        "queen",
        "work-for-nobody",
        "A program that leaves in the middle frees its place",
        "features/api/openai.feature",
    ),
    Sabotage(
        "queen",
        "silent-v1",
        "A model that is on no machine yet is fetched, and the answer tells of it meanwhile",
        "features/api/openai.feature",
    ),
    Sabotage(
        "queen",
        "again-and-again",
        "Requests that ask for something wrong are refused once, and not tried again",
        "features/api/openai.feature",
    ),
    Sabotage(
        "worker",
        "same-vector",
        "Vectors of texts, of a model that is on no machine yet and of one that chats",
        "features/api/openai.feature",
    ),
    Sabotage(
        "queen",
        "shuffle-vectors",
        "Vectors of texts, of a model that is on no machine yet and of one that chats",
        "features/api/openai.feature",
    ),
    Sabotage(
        "queen",
        "keep-slot",
        "Who stays is answered, and all that is held is as before",
        "features/promises/load.feature",
    ),
    Sabotage(
        "queen",
        "whole-at-once",
        "Programs that read nothing of a long answer",
        f"{_BRANCHES}/many_callers.feature",
    ),
    Sabotage(
        "queen",
        "keep-jobs",
        "The oldest gives way to the newest, and time to all",
        "features/wire/queen.feature",
    ),
    Sabotage(
        "keeper",
        "silent-in-the-open",
        "A queen of another machine",
        f"{_SECURITY}/a_named_queen_in_the_open.feature",
    ),
    Sabotage(
        "queen",
        "any-host",
        "What is no name is refused, and nothing is run for it -- @1.1 ",
        f"{_DECISIONS}/names_of_machines.feature",
    ),
    Sabotage(
        "queen",
        "any-config",
        "Where others may write it, it is not read: 0602 -- @1.1 ",
        f"{_DECISIONS}/names_of_machines.feature",
    ),
    Sabotage(
        "queen",
        "let-back-in",
        "Its machine was removed -- @1.2 ",
        f"{_DECISIONS}/removed_machines.feature",
    ),
    Sabotage(
        "queen",
        "leave-open",
        "Nothing that was opened for it stays open -- @1.2 ",
        f"{_SECURITY}/a_removed_machine_is_gone.feature",
    ),
    Sabotage(
        "queen",
        "keep-host-keys",
        "The host key that was agreed to has to be agreed to again",
        f"{_SECURITY}/a_removed_machine_is_gone.feature",
    ),
    Sabotage(
        "queen",
        "in-the-open",
        "Who listens on the cable reads nothing of it",
        f"{_SECURITY}/machines_are_reached_through_ssh.feature",
    ),
    Sabotage(
        "queen",
        "one-tunnel",
        "When the cable is back, the machine rejoins by itself with its workers",
        f"{_MACHINES}/partitions.feature",
    ),
    Sabotage(
        "queen",
        "no-tunnel",
        "A tunnel in both directions",
        f"{_MACHINES}/waking.feature",
    ),
    Sabotage(
        "hive",
        "cache-everywhere",
        "Only a layer that attends keeps every token -- @1.2 ",
        f"{_DECISIONS}/memory_of_models.feature",
    ),
    Sabotage(
        "hive",
        "count-one-part",
        "Any of its files leads to all -- @1.1 ",
        f"{_DECISIONS}/split_models.feature",
    ),
    Sabotage(
        "hive",
        "whole-machine",
        "The smallest limit on the way to the root counts -- @1.1 ",
        f"{_DECISIONS}/limits_of_machines.feature",
    ),
    Sabotage(
        "hive",
        "count-processors",
        "An engine has a thread for each core that it may keep busy -- @1.3 ",
        f"{_DECISIONS}/limits_of_machines.feature",
    ),
    Sabotage(
        "hive",
        "blame-nobody",
        "A signal, who sent it, and whom the kernel has killed meanwhile -- @1.1 ",
        f"{_DECISIONS}/why_a_worker_ended.feature",
    ),
)


@dataclass(frozen=True)
class Verdict:
    """What came of a sabotage: ``plain`` has to be passed, ``sabotaged`` failed."""

    sabotage: Sabotage
    plain: str
    sabotaged: str

    @property
    def has_teeth(self) -> bool:
        """Whether the scenario is green as it is and red under the fault."""
        return self.plain == "passed" and self.sabotaged == "failed"


def outcome_of(feature_file: str, scenario_name: str, fault: str = "") -> str:
    """What came of this one scenario: a status of the ledger, or why there is none."""
    try:
        standing = run.scenarios_in(feature_file)
    except (OSError, ParserError):
        return "no such feature"
    lines = [entry.line for entry in standing if entry.name == scenario_name]
    if len(lines) != 1:
        return f"{len(lines)} such scenarios"
    with tempfile.TemporaryDirectory(prefix="rbee-") as folder:
        written = Path(folder) / "ledger"
        environment = {**os.environ, ledger.VARIABLE: str(written)}
        environment.pop("RBEE_SABOTAGE", None)
        if fault:
            environment["RBEE_SABOTAGE"] = fault
        command = [sys.executable, "-m", "behave", "--no-summary", "-f", "plain"]
        try:
            subprocess.run(
                [*command, f"{feature_file}:{lines[0]}"],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "no end"
        ran = [entry for entry in ledger.read(written) if entry.line == lines[0]]
    return ran[0].status if ran else "did not run"


def try_all(sabotages: Sequence[Sabotage], jobs: int) -> list[Verdict]:
    """A verdict for each sabotage, in their order; a scenario runs plainly but once."""
    plain = dict.fromkeys((one.feature_file, one.scenario_name) for one in sabotages)
    with ThreadPoolExecutor(jobs) as pool:
        plainly = {where: pool.submit(outcome_of, *where) for where in plain}
        faulty = [
            pool.submit(outcome_of, one.feature_file, one.scenario_name, one.name)
            for one in sabotages
        ]
        return [
            Verdict(one, plainly[one.feature_file, one.scenario_name].result(), sabotaged.result())
            for one, sabotaged in zip(sabotages, faulty, strict=True)
        ]


def main(arguments: Sequence[str]) -> int:
    """Prints the table and returns 0 when every sabotage turned its scenario red."""
    parser = argparse.ArgumentParser(prog="python -m harness.sabotage", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="behave processes (default 2)")
    parser.add_argument("--real", action="store_true", help="only those of features/real")
    parser.add_argument("words", nargs="*", help="only sabotages that contain one of these")
    chosen = parser.parse_args(list(arguments))
    selected = [
        one
        for one in SABOTAGES
        if (not chosen.words or any(word in one.name for word in chosen.words))
        and (not chosen.real or one.feature_file.startswith(f"{_REAL}/"))
    ]
    verdicts = try_all(selected, max(1, chosen.jobs))
    print(f"{'sabotage':30} {'as it is':18} {'sabotaged':18} scenario")
    for verdict in verdicts:
        one = verdict.sabotage
        mark = "" if verdict.has_teeth else "   <-- should be passed, then failed"
        print(
            f"{one.name:30} {verdict.plain:18} {verdict.sabotaged:18} "
            f"{one.feature_file}: {one.scenario_name}{mark}"
        )
    red = sum(verdict.has_teeth for verdict in verdicts)
    print(f"\n{red} of {len(verdicts)} sabotages turned their scenario red")
    return 0 if verdicts and red == len(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
