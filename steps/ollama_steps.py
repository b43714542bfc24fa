"""What ollama's words mean here."""

from __future__ import annotations

from harness.decisions import ollama_decisions
from harness.programs import ollama_streams
from harness.rig.sentences import Context, then, when


@when("a chat of ollama's says each of these besides")
def chat_says(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [ollama_decisions.job_of_chat(row["says"]) for row in context.rows]


@when("a prompt of ollama's says each of these besides")
def prompt_says(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [ollama_decisions.job_of_prompt(row["says"]) for row in context.rows]


@when("a chat of ollama's says that the model stays loaded for each of these")
def chat_keeps(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [ollama_decisions.idle_of_chat(row["said"]) for row in context.rows]


@when("a program of ollama's asks for each of these models")
def asks_for_models(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [ollama_decisions.model_of(row["name"]) for row in context.rows]


@when("each of these models is in ollama's list")
def models_listed(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [ollama_decisions.name_of(row["model"]) for row in context.rows]


@when("tools answer calls in each of these conversations")
def tools_answer(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [ollama_decisions.answered_calls(row["conversation"]) for row in context.rows]


@when("calls come in each of these pieces")
def calls_come(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [ollama_decisions.calls_told(row["pieces"]) for row in context.rows]


@when("each of these answers has ended")
def answers_ended(context: Context) -> None:
    context.rows = list(context.table)
    columns = ("first token", "worker's time", "in all")
    context.told = [
        ollama_decisions.ending_of(row["how"], *(float(row[name]) for name in columns))
        for row in context.rows
    ]


@when("so many numbers are wanted of each of these vectors")
def numbers_wanted(context: Context) -> None:
    context.rows = list(context.table)
    context.told = [
        ollama_decisions.vector_of(row["vector"], int(row["wanted"])) for row in context.rows
    ]


@when('the worker is killed in the middle of an answer of "{model}" in ollama\'s words')
def killed_in_the_middle(context: Context, model: str) -> None:
    context.last_line = ollama_streams.last_after_kill(context.cluster, model)


@then("the last line of that answer is an error alone")
def last_line_is_error(context: Context) -> None:
    assert set(context.last_line) == {"error"}, context.last_line


@then("it comes to what each row tells")
def comes_to(context: Context) -> None:
    expected = [row["comes to"] for row in context.rows]
    assert context.told == expected, context.told
