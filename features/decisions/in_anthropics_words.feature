Feature: What Anthropic's words mean here
  What can be done is done, what changes nothing passes, and what would change an answer and cannot be
  had is refused by its name.

  Scenario: What a request may say
    When a request in Anthropic's words says each of these besides
      | says                                                               | comes to                                       |
      | "max_tokens": 3                                                    | "max_tokens": 3                                |
      | "temperature": 0.5, "top_k": 5, "top_p": 0.9                       | "temperature": 0.5, "top_p": 0.9, "top_k": 5   |
      | "top_p": 0                                                         | "top_k": 1                                     |
      | "stop_sequences": ["bee", ""]                                      | "stop": ["bee"]                                |
      | "thinking": {"type": "enabled", "budget_tokens": 1024}             | "think": true, "thought_tokens": 1024          |
      | "thinking": {"type": "disabled"}                                   | "think": false                                 |
      | "thinking": {"type": "adaptive"}                                   | nothing                                        |
      | "output_config": {"effort": "high"}                                | "template_values": {"reasoning_effort": "high"} |
      | "output_config": {"format": {"type": "json_schema", "schema": {"type": "array"}}} | "json_schema": {"type": "array"} |
      | "metadata": {"user_id": "me"}, "service_tier": "auto", "cache_control": {"type": "ephemeral"} | nothing             |
      | "context_management": {"edits": []}, "mcp_servers": [], "stream": false | nothing                                   |
      | "mcp_servers": [{"type": "url", "url": "x", "name": "x"}]          | nothing                                        |
      | "container": "x"                                                   | refused: container                             |
      | "bees": 1                                                          | refused: bees                                  |
      | "max_tokens": 0                                                    | refused: max_tokens                            |
      | "temperature": 9                                                   | refused: temperature                           |
    Then it comes to what each row tells

  Scenario: Which tools the model may call, or must
    When a request in Anthropic's words offers weather, time and a search, and says each of these
      | says                                                                 | comes to                                                  |
      | "tool_choice": {"type": "auto"}                                      | may call weather, time; web_search_20250305 left out      |
      | "tool_choice": {"type": "auto", "disable_parallel_tool_use": true}   | may call one of weather, time; web_search_20250305 left out |
      | "tool_choice": {"type": "any"}                                       | must call weather, time; web_search_20250305 left out     |
      | "tool_choice": {"type": "tool", "name": "time"}                      | must call time; web_search_20250305 left out              |
      | "tool_choice": {"type": "none"}                                      | may call nothing; web_search_20250305 left out            |
      | "tool_choice": {"type": "tool", "name": "bees"}                      | refused: tool_choice                                      |
      | "mcp_servers": [{"type": "url", "url": "x", "name": "x"}]            | may call weather, time; web_search_20250305, mcp_servers left out |
      | "then": [{"role": "system", "content": [{"type": "tool_removal", "tool": {"type": "tool_reference", "name": "time"}}]}] | may call weather; web_search_20250305 left out |
      | "then": [{"role": "system", "content": [{"type": "tool_addition", "tool": {"type": "tool_definition", "definition": {"name": "note", "input_schema": {}}}}]}] | may call weather, time, note; web_search_20250305 left out |
    Then it comes to what each row tells

  @fault.queen.hold-to-every-count
  Scenario: A tool's bound that no engine holds a call to is left out, unless the tool is strict
    When a request in Anthropic's words has a tool of each of these schemas
      | says                                                            | comes to                                |
      | "maxLength": 524288, "type": "string"                           | {"type": "string"}                      |
      | "maxLength": 60, "type": "string"                               | {"maxLength": 60, "type": "string"}     |
      | "items": {"maxItems": 9999, "maximum": 9999}                    | {"items": {"maximum": 9999}}            |
      | "properties": {"maxLength": {"const": 5000}}                    | {"properties": {"maxLength": {"const": 5000}}} |
      | "enum": [{"maxLength": 5000}]                                   | {"enum": [{"maxLength": 5000}]}         |
    Then it comes to what each row tells

  Scenario: What blocks are to a chat template
    When a request in Anthropic's words has each of these conversations
      | messages                                                                       | comes to                                     |
      | user text hello                                                                | user hello                                   |
      | system text be brief / user text hello                                         | system be brief / user hello                 |
      | user text hello, text and more                                                 | user hello+and more                          |
      | user text time? / assistant thinking hm, text well, tool_use time / user tool_result noon | user time? / assistant (hm) well calls time / tool noon |
      | user text time? / assistant tool_use time, tool_use weather / user tool_result noon, tool_result fine, text so? | user time? / assistant calls time, weather / tool noon / tool fine / user so? |
      | user text hello / assistant redacted_thinking x, text hi / user text and?      | user hello / assistant hi / user and?        |
      | user text time? / system tool_addition time / assistant text noon / user text so? | user time? / assistant noon / user so?    |
      | user document bees                                                             | user bees                                    |
      | user document_of_blocks bees                                                   | user bees                                    |
      | user search_result bees                                                        | user a title+a place+bees                    |
      | user text news? / assistant text hm, server_tool_use web_search, web_search_tool_result bees, text well / user text and? | user news? / assistant hm calls web_search / tool [{"type":"web_search_result","title":"bees"}] / assistant well / user and? |
      | user text time? / assistant mcp_tool_use time, mcp_tool_result noon, text it is noon / user text and? | user time? / assistant calls time / tool noon / assistant it is noon / user and? |
      | user text news? / assistant server_tool_use web_search, web_search_tool_result bees | user news? / assistant calls web_search / tool [{"type":"web_search_result","title":"bees"}] |
      | user text news? / assistant server_tool_use web_search, text well / user text and? | user news? / assistant well / user and?; server_tool_use left out |
      | user text time? / assistant mcp_tool_use time, text well / user text and?      | user time? / assistant well / user and?; mcp_tool_use left out |
      | user text news? / assistant web_search_tool_result bees, text well / user text and? | user news? / assistant well / user and?; web_search_tool_result left out |
      | user text news? / assistant server_tool_use web_search, deep_tool_result 250 | refused: body nests too deep |
      | user container_upload x, text hello                                            | user hello; container_upload left out        |
      | system tool_addition time                                                      | refused: messages                            |
      | user image x                                                                   | refused: messages[0].content[0]              |
      | user text time? / assistant tool_use time                                      | refused: messages                            |
    Then it comes to what each row tells

  @fault.queen.unanswered-all-the-same
  Scenario: What a model cannot be told is refused by its path, where the settings say so
    When each of these is said in Anthropic's words, and nothing unknown may be left out
      | messages                                                                            | comes to                        |
      | user text news? / assistant server_tool_use web_search, text well / user text and?  | refused: messages[1].content[0] |
      | user text time? / assistant text hm, mcp_tool_use time / user text and?             | refused: messages[1].content[1] |
      | user text news? / assistant web_search_tool_result bees, text well / user text and? | refused: messages[1].content[0] |
      | user container_upload x, text hello                                                 | refused: messages[0].content[0] |
      | user text time? / assistant mcp_tool_use time, mcp_tool_result noon / user text and? | user time? / assistant calls time / tool noon / user and? |
    Then it comes to what each row tells

  @fault.queen.half-a-block
  Scenario: An answer in pieces, as blocks
    When an answer is told to a client of Anthropic's in each of these pieces
      | pieces                         | comes to                                                                    |
      | text Hel / text lo             | start, +text, Hel, lo, -, end_turn, stop                                    |
      | thought hm / text Hi           | start, +thinking, hm, signature, -, +text, Hi, -, end_turn, stop            |
      | text Hi / call time {"a": / on 1} | start, +text, Hi, -, +tool_use, {"a":, 1}, -, tool_use, stop             |
      | call time {} / call weather {} | start, +tool_use, {}, -, +tool_use, {}, -, tool_use, stop                   |
      | wait / wait / text Hi / wait   | start, ping, ping, +text, Hi, ping, -, end_turn, stop                       |
      | text Hel / cut                 | start, +text, Hel, -, max_tokens, stop                                      |
      | text Hel / met lo              | start, +text, Hel, -, stop_sequence, stop                                   |
      | text Hel / full                | start, +text, Hel, -, model_context_window_exceeded, stop                   |
      |                                | start, end_turn, stop                                                       |
    Then it comes to what each row tells

  @fault.queen.part-of-a-member
  Scenario: An answer in one piece, as blocks
    When an answer is told at once to a client of Anthropic's of each of these pieces
      | pieces                                            | comes to                              |
      | text Hel / text lo                                | text Hello, end_turn                  |
      | thought hm / call time {"a": / on 1}              | thinking hm, tool_use time {"a": 1}, tool_use |
      | call time {"a": 1, "b": "x, / cut                 | tool_use time {"a": 1}, max_tokens    |
      | call time {"a": 1, "b": [1, 2 / cut               | tool_use time {"a": 1}, max_tokens    |
      | call time {"a": 1 / cut                           | tool_use time {}, max_tokens          |
      | call time {"a": 1, "b": [ 100000 times / cut      | tool_use time {"a": 1}, max_tokens    |
      | call time {"a": 1, "b": [ 100000 times / on ] 100000 times / on } | tool_use time {"a": 1}, tool_use |
      | call time / cut                                   | tool_use time {}, max_tokens          |
    Then it comes to what each row tells

  Scenario: How errors are told
    When each of these errors is told in Anthropic's words
      | code             | details                           | comes to                                                           |
      | invalid_request  | {"tokens": 900, "context": 512}   | 400 invalid_request_error: prompt is too long: 900 tokens > 512 maximum |
      | invalid_request  | {}                                | 400 invalid_request_error: it failed                               |
      | unauthorized     | {}                                | 401 authentication_error: it failed                                |
      | model_not_found  | {}                                | 404 not_found_error: it failed                                     |
      | payload_too_large | {}                               | 413 request_too_large: it failed                                   |
      | queue_full       | {}                                | 429 rate_limit_error: it failed                                    |
      | worker_busy      | {}                                | 529 overloaded_error: it failed                                    |
      | insufficient_ram | {}                                | 503 api_error: it failed                                           |
      | internal         | {}                                | 500 api_error: it failed                                           |
      | worker_stuck     | {}                                | 504 timeout_error: it failed                                       |
    Then it comes to what each row tells
