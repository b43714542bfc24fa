Feature: What an engine refuses is an error that says whose fault it is
  An engine speaks of what it was asked in words of its own. They reach whoever asked, with the field
  that is meant, and nothing that would fail again in the same way is tried again.

  Scenario Outline: <case>
    When llama.cpp says "<words>" of a conversation
    Then the error is "<code>" about "<field>"
    And its message holds "<told>"

    Examples:
      | case                              | words                                                              | code            | field       | told                  |
      | the arguments of an earlier call  | Failed to parse tool call arguments as JSON: parse error at line 1 | invalid_request | messages    | parse error at line 1 |
      | what a template raises            | While executing CallExpression at line 1~Error: Jinja Exception: Roles must alternate | invalid_request | messages | Roles must alternate |
      | a template that stumbles          | While executing MemberExpression at line 3~Error: Cannot read property | invalid_request | messages | Cannot read property |
      | one that stumbles, as it is told  | Automatic parser generation failed: ~---~While executing FilterExpression~... x \| nofilter~Error: Unknown filter | invalid_request | messages | Unknown filter |
      | the schema of a form              | JSON schema error at #: unrecognized type foo                      | invalid_request | json_schema | unrecognized type foo |
      | a grammar that is too much        | Failed to initialize samplers: failed to parse grammar             | invalid_request | json_schema | failed to parse grammar |
      | a model that makes vectors        | This server does not support logits                                | invalid_request | model_ref   | makes vectors         |

  Scenario: An answer that was begun otherwise than its form is
    When llama.cpp says "Failed to initialize samplers: std::exception" of an answer that was begun
    Then the error is "invalid_request" about "messages"
    And its message holds "cannot be gone on with in this form"

  Scenario Outline: Why a chat template cannot be read: <case>
    When the log of llama.cpp ends with "<words>"
    Then the reason is "<reason>"

    Examples:
      | case                    | words                                                                                       | reason               |
      | it does not parse       | 0.03 E common_chat_templates_init: error: Unexpected token: %}~0.04 E exiting               | Unexpected token: %} |
      | it refuses everything   | chat template parsing error: ~---~While executing Call~Error: Jinja Exception: only bees~x  | only bees            |
      | it asks for what is not | chat template parsing error: ~---~While executing Filter~Error: Unknown filter~0.04 E x     | Unknown filter       |
      | it is not the template  | error loading model: tensor not found                                                       |                      |

  Scenario: An engine that fails for no fault of the request
    When llama.cpp fails with "Compute error" while it answers
    Then the error is "engine_failed" about ""
    And its message holds "Compute error"

  Scenario Outline: Advice for who has no command line: <case>
    When a program is advised "<advice>"
    Then it reads "<read>"

    Examples:
      | case                       | advice                                              | read                                  |
      | words                      | send a shorter prompt                               | send a shorter prompt                 |
      | an option alone            | allow more time with --deadline                     |                                       |
      | an option beside its words | take a shorter context (--ctx), or another device   | take a shorter context, or another device |
      | a model as it is typed     | --model HF:o/r:Q4_0 would fit                       | model HF:o/r:Q4_0 would fit           |
      | a whole command            | pip install --force-reinstall xllamacpp             |                                       |
      | a command among others     | rbee-keeper models lists them, or take a smaller one | take a smaller one                   |
      | a setting                  | wait; where it only needs longer: token_stall = 9 in config.toml | wait                     |

  Scenario: Brackets that nest deeper than an engine follows
    When a chat template nests 20000 brackets
    Then it is not given to the engine

  Scenario: A text that has to be longer than an engine counts in one go, and may not be longer still
    Given a hub that holds "author/roomy-llama"
    And a queen that is awake
    When a program asks "author/roomy-llama" for a text of 2050 to 2100 letters
    Then the answer has so many

  @needs-real-models
  @fault.worker.blame-itself
  @only-asks
  Scenario: What real models refuse
    Given a worker takes 1 job at once
    And a swarm that is warm
    When a program asks the queen each of these, with its body
      | request                   | body | status | code | type | param | again |
      | POST /v1/chat/completions | {"model": "file:$MODELS/smollm2-broken-template.gguf", "messages": [{"role": "user", "content": "hello"}]} | 400 | invalid_request | invalid_request_error | model | false |
      | POST /v1/chat/completions | {"model": "file:$MODELS/smollm2-by-turns.gguf", "messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]} | 400 | invalid_request | invalid_request_error | messages | false |
      | POST /v1/chat/completions | {"model": "minillama", "messages": [{"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": ""}}]}, {"role": "tool", "tool_call_id": "1", "content": "x"}]} | 400 | invalid_request | invalid_request_error | messages[0].tool_calls[0].function.arguments | false |
    Then each answer is an error in OpenAI's form

  @needs-real-models
  @only-asks
  Scenario: A broken chat template leaves plain text usable
    Given a worker takes 1 job at once
    And a swarm that is warm
    When a program asks the queen "POST /v1/completions" with
      """
      {"model": "file:$MODELS/smollm2-broken-template.gguf", "prompt": "Once upon a", "max_tokens": 3}
      """
    Then the answer is 200 with the fields "id, created, model, choices, object, usage"
