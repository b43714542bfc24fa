Feature: What ollama's words mean here
  What can be done is done, what changes nothing passes, and what would change an answer and cannot be
  had is refused by its name.

  @fault.queen.options-alone
  Scenario: What a chat may say
    When a chat of ollama's says each of these besides
      | says                                          | comes to                                                  |
      | "options": {"num_predict": 3}                 | "max_tokens": 3                                           |
      | "options": {"num_predict": 3.0}               | "max_tokens": 3                                           |
      | "options": {"num_predict": 3.5}               | refused: options.num_predict                              |
      | "options": {"num_predict": -1}                | nothing                                                   |
      | "max_output_tokens": 3, "temperature": 0, "top_p": 0.5 | "max_tokens": 3, "temperature": 0.0, "top_p": 0.5 |
      | "max_output_tokens": 3, "options": {"num_predict": 5} | "max_tokens": 5                                  |
      | "tool_choice": "auto"                         | nothing                                                   |
      | "tool_choice": "required", "tools": [{"type": "function", "function": {"name": "f"}}] | "functions": [{"name": "f"}], "must_call": true |
      | "tool_choice": {"type": "function", "function": {"name": "g"}}, "tools": [{"function": {"name": "f"}}, {"function": {"name": "g"}}] | "functions": [{"name": "g"}], "must_call": true |
      | "tool_choice": "none", "tools": [{"function": {"name": "f"}}] | nothing                                   |
      | "tool_choice": "required"                     | refused: tool_choice                                      |
      | "options": {"num_predict": -2}                | nothing                                                   |
      | "options": {"num_predict": 2147483647}        | "max_tokens": 1000000                                     |
      | "options": {"num_ctx": 4096}                  | "ctx": 4096                                               |
      | "options": {"num_ctx": 8}                     | "ctx": 32                                                 |
      | "options": {"temperature": 0}                 | "temperature": 0.0                                        |
      | "options": {"top_k": 40, "top_p": 0.9}        | "top_p": 0.9, "top_k": 40                                 |
      | "options": {"top_k": -1}                      | "top_k": 0                                                |
      | "options": {"top_p": 0}                       | "top_k": 1                                                |
      | "options": {"seed": 7}                        | "seed": 7                                                 |
      | "options": {"seed": -1}                       | nothing                                                   |
      | "options": {"seed": 18446744073709551615}     | "seed": 4294967295                                        |
      | "options": {"stop": "x"}                      | "stop": ["x"]                                             |
      | "options": {"stop": ["x", ""]}                | "stop": ["x"]                                             |
      | "options": {"presence_penalty": 1}            | "presence_penalty": 1.0                                   |
      | "options": {"num_gpu": 99, "use_mmap": false} | nothing                                                   |
      | "options": {"tfs_z": 1, "seed": null}         | nothing                                                   |
      | "options": {"tfs_z": 0.5}                     | refused: options.tfs_z                                    |
      | "options": {"rope_frequency_scale": 2}        | refused: options.rope_frequency_scale                     |
      | "format": ""                                  | nothing                                                   |
      | "format": "json"                              | "json_schema": {"type": "object"}                         |
      | "format": {"type": "string"}                  | "json_schema": {"type": "string"}                         |
      | "think": false                                | "think": false                                            |
      | "think": "high"                               | "think": true, "template_values": {"reasoning_effort": "high"} |
      | "logprobs": true                              | "logprobs": 0                                             |
      | "logprobs": true, "top_logprobs": 3           | "logprobs": 3                                             |
      | "top_logprobs": 3                             | refused: top_logprobs                                     |
      | "keep_alive": "5m", "truncate": true          | "may_idle_s": 300.0                                           |
      | "keep_alive": null, "_debug_render_only": false | nothing                                                 |
      | "_debug_render_only": true                    | refused: _debug_render_only                               |
      | "messages": [], "options": {"num_ctx": 64}    | "max_tokens": 1, "prompt": "-", "raw": true, "ctx": 64    |
      | "messages": [], "keep_alive": 0               | the model is unloaded                                     |
      | "messages": [{"role": "user", "images": ["x"]}] | refused: messages[0].images[0]                          |
      | "messages": [{"role": "assistant", "content": "Once"}] | "messages": [{"role": "assistant", "content": "Once"}] |
      | "messages": [{"role": "assistant", "content": "Once"}], "format": "json" | "messages": [{"role": "assistant", "content": "Once"}, {"role": "user", "content": ""}], "json_schema": {"type": "object"} |
      | "messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "x", "arguments": {}}}]}] | refused: messages |
      | "messages": [{"role": "assistant", "tool_calls": [{"id": null, "function": {"name": "x", "arguments": {}}}]}] | refused: messages |
      | "options": {"min_p": 0.1, "repeat_penalty": 1.1} | "min_p": 0.1, "repeat_penalty": 1.1                    |
      | "options": {"repeat_last_n": -1}              | "repeat_last_n": 65536                                    |
      | "options": {"mirostat": 2.0, "repeat_last_n": 64} | "repeat_last_n": 64, "mirostat": 2                    |
    Then it comes to what each row tells

  Scenario: What a prompt may say
    When a prompt of ollama's says each of these besides
      | says                          | comes to          |
      | "raw": true                   | "raw": true       |
      | "system": "be kind"           | "messages": [{"role": "system", "content": "be kind"}, {"role": "user", "content": "hello"}] |
      | "system": "x", "raw": true    | refused: system   |
      | "suffix": ""                  | nothing           |
      | "suffix": "end"               | "suffix": "end", "raw": true |
      | "suffix": "end", "system": "x" | refused: system  |
      | "template": "{{ .Prompt }}"   | refused: template |
      | "context": [1, 2]             | refused: context  |
      | "images": ["x"]               | refused: images[0] |
      | "prompt": ""                  | "max_tokens": 1, "prompt": "-", "raw": true |
      | "prompt": "", "keep_alive": "0s" | the model is unloaded |
      | "keep_alive": 0               | "may_idle_s": 0.0     |
    Then it comes to what each row tells

  Scenario: How long a model stays loaded
    When a chat of ollama's says that the model stays loaded for each of these
      | said     | comes to     |
      | 300      | 300.0        |
      | 0.5      | 0.5          |
      | 0        | 0.0          |
      | -1       | 2147483648.0 |
      | 1e300    | 2147483648.0 |
      | "5m"     | 300.0        |
      | "1h30m"  | 5400.0       |
      | "1.5h"   | 5400.0       |
      | "5m0s"   | 300.0        |
      | "300ms"  | 0.3          |
      | "0s"     | 0.0          |
      | "-1m"    | 2147483648.0 |
      | "-1"     | 2147483648.0 |
      | "300"    | 300.0        |
      | ""       | nothing      |
      | "soon"   | refused: keep_alive |
      | "5 days" | refused: keep_alive |
    Then it comes to what each row tells

  Scenario: Names lead to what is meant, and short ones of a library that is not here to advice
    When a program of ollama's asks for each of these models
      | name                      | comes to                |
      | minillama                 | minillama               |
      | minillama:latest          | minillama               |
      | owner/repo                | HF:owner/repo           |
      | owner/repo:latest         | HF:owner/repo           |
      | owner/repo:q4_k_m         | HF:owner/repo:Q4_K_M    |
      | HF:owner/repo:Q4_K_M      | HF:owner/repo:Q4_K_M    |
      | hf.co/owner/repo:Q8_0     | HF:owner/repo:Q8_0      |
      | huggingface.co/owner/repo | HF:owner/repo           |
      | file:/data/a.gguf         | file:/data/a.gguf       |
      | llama3.2                  | model_not_found         |
      | llama3.2:3b               | model_not_found         |
      | library/llama3.2:latest   | model_not_found         |
    Then it comes to what each row tells

  Scenario: A name of the list leads to its model
    When each of these models is in ollama's list
      | model                     | comes to              |
      | minillama                 | minillama:latest      |
      | HF:owner/repo             | owner/repo:latest     |
      | HF:owner/repo:Q4_K_M      | owner/repo:Q4_K_M     |
      | HF:owner/repo:Q4_K_M@main | owner/repo:Q4_K_M@main |
      | HF:owner/repo@main        | owner/repo@main:latest |
      | file:/data/a.gguf         | file:/data/a.gguf     |
    Then it comes to what each row tells

  Scenario: What a tool answers belongs to a call
    When tools answer calls in each of these conversations
      | conversation                        | comes to |
      | call a, answer                      | #0       |
      | call a, call b, answer b, answer a  | #1, #0   |
      | call a, call a, answer a, answer a  | #0, #1   |
      | call a, call b, answer #1, answer   | #1, #0   |
      | call a, answer c                    | #0       |
    Then it comes to what each row tells

  Scenario: A call is told once it is whole, and as text where it was cut off
    When calls come in each of these pieces
      | pieces                                   | comes to                          |
      | 0 visit {"city": / 0 . "Rome"}           | - / - / visit {"city": "Rome"}    |
      | 0 visit / 1 leave {}                     | - / visit {} / leave {}           |
      | 0 visit {"city": "Ro                     | - / text visit{"city": "Ro        |
    Then it comes to what each row tells

  Scenario: How long an answer took, in milliseconds of loading, reading and writing
    When each of these answers has ended
      | how        | first token | worker's time | in all | comes to          |
      | stop       | 30          | 100           | 1100   | stop: 1000, 30, 70 |
      | length     | 30          | 100           | 100    | length: 0, 30, 70 |
      | tool_calls | 0           | 100           | 90     | stop: 0, 0, 100   |
    Then it comes to what each row tells

  Scenario: A vector that is cut has length 1 again
    When so many numbers are wanted of each of these vectors
      | vector             | wanted | comes to           |
      | 0.6, 0.8           | 0      | 0.6, 0.8           |
      | 0.6, 0.8           | 3      | 0.6, 0.8           |
      | 0.6, 0.8           | 1      | 1.0                |
      | 0.3, 0.4, 0.5, 0.5 | 2      | 0.6, 0.8           |
    Then it comes to what each row tells
