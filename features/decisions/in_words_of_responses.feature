Feature: What the words of /v1/responses mean here
  What is said there are items: a model's turn is several of them, and one message to a chat template.
  What can be done is done, what changes nothing passes, and what would change an answer and cannot be
  had is refused by its name.

  Scenario: What a request may say
    When a request for a response says each of these besides
      | says                                                         | comes to                                          |
      | "max_output_tokens": 3                                       | "max_tokens": 3                                   |
      | "temperature": 0, "top_p": 0.5, "top_k": 5, "seed": 7        | "temperature": 0.0, "top_p": 0.5, "top_k": 5, "seed": 7 |
      | "stop": ["bee"]                                              | "stop": ["bee"]                                   |
      | "reasoning": {"effort": "low", "summary": "auto"}            | "template_values": {"reasoning_effort": "low"}    |
      | "reasoning": {"effort": "none"}                              | "think": false                                    |
      | "text": {"format": {"type": "json_object"}}                  | "json_schema": {"type": "object"}                 |
      | "text": {"format": {"type": "json_schema", "name": "x", "strict": true, "schema": {"type": "array"}}} | "json_schema": {"type": "array"} |
      | "text": {"format": {"type": "text"}, "verbosity": "low"}     | nothing                                           |
      | "top_logprobs": 2                                            | "logprobs": 2                                     |
      | "include": ["message.output_text.logprobs"]                  | "logprobs": 0                                     |
      | "include": ["reasoning.encrypted_content"]                   | nothing                                           |
      | "store": false, "metadata": {"a": "b"}, "user": "me", "service_tier": "auto", "truncation": "auto" | nothing     |
      | "prompt_cache_key": "x", "client_metadata": {"a": "b"}, "safety_identifier": "me", "n": 1          | nothing     |
      | "stream_options": {"include_obfuscation": false}, "background": false, "max_tool_calls": 3         | nothing     |
      | "parallel_tool_calls": false                                 | "parallel_calls": false                           |
      | "background": true                                           | nothing                                           |
      | "background": true, "stream": true                           | refused: background                               |
      | "background": true, "store": false                           | refused: background                               |
      | "conversation": "conv_1"                                     | refused: conversation                             |
      | "prompt": {"id": "pmpt_1"}                                   | refused: prompt                                   |
      | "n": 2                                                       | refused: n                                        |
      | "bees": 1                                                    | refused: bees                                     |
      | "reasoning": {"bees": 1}                                     | refused: reasoning.bees                           |
      | "text": {"format": {"type": "json_schema", "name": "x"}}     | refused: text.format                              |
    Then it comes to what each row tells

  Scenario: Which tools the model may call, or must
    When a request for a response offers weather, time, a note of text and a search, and says each of these
      | says                                                                    | comes to                                 |
      | "tool_choice": "auto"                                                   | may call weather, time, note; web_search left out |
      | "tool_choice": "none"                                                   | may call nothing; web_search left out    |
      | "tool_choice": "required"                                               | must call weather, time, note; web_search left out |
      | "tool_choice": {"type": "function", "name": "time"}                     | must call time; web_search left out      |
      | "tool_choice": {"type": "custom", "name": "note"}                       | must call note; web_search left out      |
      | "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "time"}]} | may call time; web_search left out |
      | "tool_choice": {"type": "function", "name": "bees"}                     | refused: tool_choice                     |
      | "tool_choice": {"type": "web_search"}                                   | refused: tool_choice.type                |
    Then it comes to what each row tells

  @fault.queen.split-turns @fault.queen.look-up-each-reference
  Scenario: What items are to a chat template
    When a request for a response has each of these conversations
      | items                                                          | comes to                                                     |
      | user: hello                                                    | user hello                                                   |
      | developer: be brief / user: hello                              | system be brief / user hello                                 |
      | user: hello / reasoning: hm / assistant: hi / user: and?       | user hello / assistant (hm) hi / user and?                   |
      | user: time? / reasoning: hm / call: time / output: noon        | user time? / assistant (hm) calls time / tool noon           |
      | user: time? / assistant: well / call: time / call: weather / output: noon / output: fine | user time? / assistant well calls time, weather / tool noon / tool fine |
      | user: time? / call: time / output: noon / reasoning: so / call: weather / output: fine | user time? / assistant calls time / tool noon / assistant (so) calls weather / tool fine |
      | user: write / custom: note / output: done                      | user write / assistant calls note / tool done                |
      | user: hello / packed: hm / assistant: hi / user: and?          | user hello / assistant (hm) hi / user and?                   |
      | user: news? / mcp: noon / assistant: hi / user: and?           | user news? / assistant calls time / tool noon / assistant hi / user and? |
      | user: sum? / code: 2 / assistant: two / user: and?             | user sum? / assistant calls code_interpreter / tool 2 / assistant two / user and? |
      | user: who? / files: bees / assistant: bees / user: and?        | user who? / assistant calls file_search / tool [{"text":"bees"}] / assistant bees / user and? |
      | user: list / shell: ls / shell output: a.txt                   | user list / assistant calls shell / tool [{"stdout":"a.txt"}] |
      | user: hello / search: x / assistant: hi / user: and?           | user hello / assistant hi / user and?; web_search_call left out |
      | user: hello / reference: msg_1_0 / user: and?                  | user hello / assistant hi / user and?                        |
      | user: hello / reference: msg_2_0 / user: and?                  | refused: input[1]                                            |
      | user: hello / bare reference: msg_1_0 / user: and?             | user hello / assistant hi / user and?                        |
      | user: hello / reference: msg_1_2 / user: and?                  | refused: input[1]                                            |
      | user: hello / reference: msg_1_0 / user: and? / reference: msg_1_0 / user: so? | user hello / assistant hi / user and? / assistant hi / user so? |
      | user: hello / 30 times reference: msg_1_1 / user: and?         | refused: input[27]                                           |
      | user: hello / compaction: x                                    | refused: input[1]                                            |
      | reasoning: hm                                                  | refused: input                                               |
      | user: time? / call: time                                       | refused: input                                               |
    Then it comes to what each row tells

  Scenario: An answer in pieces, as items
    When an answer is told to a client of responses in each of these pieces
      | pieces                                   | comes to                                                        |
      | text Hel / text lo                       | created, in_progress, +message, +part, Hel, lo, text Hello, part, message, completed |
      | thought hm / text Hi                     | created, in_progress, +reasoning, +part, hm, text hm, part, reasoning, +message, +part, Hi, text Hi, part, message, completed |
      | call time {"at": / on 1}                 | created, in_progress, +function_call, {"at":, 1}, arguments {"at":1}, function_call, completed |
      | call time {} / call note {"input":"x"}   | created, in_progress, +function_call, {}, arguments {}, function_call, +custom_tool_call, x, input x, custom_tool_call, completed |
      | wait / wait / text Hi / wait             | created, in_progress, in_progress, +message, +part, Hi, in_progress, text Hi, part, message, completed |
      | text Hel / cut                           | created, in_progress, +message, +part, Hel, text Hel, part, message, incomplete |
      |                                          | created, in_progress, completed                                 |
    Then it comes to what each row tells

  @fault.queen.keep-all-that-was-said
  Scenario: What is kept is bounded
    When responses of these sizes are kept where there is room for 100 bytes
      | sizes          | comes to      |
      | 40, 50         | 40, 50        |
      | 40, 50, 20     | 50, 20        |
      | 40, 50, 200    | none          |
    Then it comes to what each row tells
