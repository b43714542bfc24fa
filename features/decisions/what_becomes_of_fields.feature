Feature: What becomes of each field that a program sends
  Programs are written for other servers, too, and send what those know. What can be had is done; what
  changes nothing that anybody can notice passes; everything else is refused by the name of the field,
  wherever in the request it stands. docs/fields.md has all of them.

  @fault.queen.go-on-with-words
  Scenario: What can be had is done, whatever it is called elsewhere
    When programs say each of these
      | of a | said                                                    | becomes                                     |
      | chat | {"max_tokens": -1}                                      | {}                                          |
      | chat | {"max_tokens": 8.0}                                     | {"max_tokens": 8}                           |
      | chat | {"max_tokens": 9, "max_completion_tokens": 5}           | {"max_tokens": 5}                           |
      | chat | {"n_predict": 5}                                        | {"max_tokens": 5}                           |
      | text | {"max_new_tokens": 5, "max_tokens": 5, "raw": true}     | {"max_tokens": 5}                           |
      | chat | {"min_tokens": 5, "max_tokens": 5}                      | {"max_tokens": 5, "ignore_eos": true}       |
      | chat | {"min_tokens": 0}                                       | {}                                          |
      | chat | {"ignore_eos": true, "min_tokens": 3, "max_tokens": 5}  | {"max_tokens": 5, "ignore_eos": true}       |
      | text | {"ignore_eos": true}                                    | {"ignore_eos": true}                        |
      | text | {"prompt": [1, 2]}                                      | {"prompt_tokens": [1, 2]}                   |
      | text | {"prompt": [1.0, 2.0]}                                  | {"prompt_tokens": [1, 2]}                   |
      | text | {"prompt": [[1, 2], [3]]}                               | {"prompt_tokens": [1, 2]}                   |
      | text | {"prompt": [[1, 2]], "echo": true}                      | {"prompt_tokens": [1, 2], "echo": true}     |
      | text | {"echo": true, "logprobs": 1}                           | {"echo": true, "logprobs": 1}               |
      | text | {"echo": true, "logprobs": 0, "max_tokens": 0}          | {"echo_only": true, "logprobs": 0}          |
      | text | {"max_tokens": 0}                                       | {"count_only": true}                        |
      | text | {"suffix": "bee"}                                       | {"suffix": "bee"}                           |
      | tokens | {"add_special_tokens": false}                         | {"add_marks": false}                        |
      | tokens | {"prompt": null, "content": "hello"}                  | {"add_marks": false}                        |
      | tokens | {"prompt": null, "content": "hello", "add_special": true} | {}                                      |
      | tokens | {"prompt": null, "messages": [{"role": "user", "content": "hello"}]} | {"messages": [{"role": "user", "content": "hello"}]} |
      | chat | {"top_p": 0}                                            | {"top_k": 1}                                |
      | chat | {"top_k": -1}                                           | {"top_k": 0}                                |
      | chat | {"top_k": 40.0, "seed": 7.0}                            | {"top_k": 40, "seed": 7}                    |
      | chat | {"seed": -1}                                            | {}                                          |
      | chat | {"max_tokens": 2147483647} | {"max_tokens": 1000000} |
      | chat | {"seed": 18446744073709551615} | {"seed": 4294967295} |
      | chat | {"random_seed": 7} | {"seed": 7} |
      | chat | {"n_cmpl": 2} | {} |
      | text | {"n": 2, "best_of": 2} | {} |
      | text | {"logprobs": 20} | {"logprobs": 20} |
      | text | {"n_probs": 3} | {"logprobs": 3} |
      | chat | {"stop": ""}                                            | {}                                          |
      | chat | {"stop": ["", "bee"]}                                   | {"stop": ["bee"]}                           |
      | chat | {"min_p": 0.05, "typical_p": 0.9}                       | {"min_p": 0.05, "typical_p": 0.9}           |
      | chat | {"repetition_penalty": 1.1}                             | {"repeat_penalty": 1.1}                     |
      | text | {"repetition_penalty": 1.1, "repeat_penalty": 1.1}      | {"repeat_penalty": 1.1}                     |
      | chat | {"mirostat": 2, "mirostat_tau": 4, "dry_multiplier": 0} | {"mirostat": 2, "mirostat_tau": 4.0}        |
      | chat | {"cache_prompt": false}                                 | {"cache_prompt": false}                     |
      | chat | {"reasoning_effort": "none"}                            | {"think": false}                            |
      | chat | {"reasoning": {"effort": "low"}}                        | {"template_values": {"reasoning_effort": "low"}} |
      | chat | {"think": false}                                        | {"think": false}                            |
      | chat | {"enable_thinking": true}                               | {"think": true}                             |
      | chat | {"thinking": {"type": "disabled"}}                      | {"think": false}                            |
      | chat | {"thinking": {"type": "adaptive"}} | {} |
      | chat | {"reasoning_budget": 0}                                 | {"think": false}                            |
      | chat | {"chat_template_kwargs": {"enable_thinking": false}}    | {"think": false}                            |
      | chat | {"thinking": {"type": "enabled", "budget_tokens": 99}}  | {"think": true, "thought_tokens": 99}       |
      | chat | {"reasoning": {"max_tokens": 99}}                       | {"thought_tokens": 99}                      |
      | chat | {"thinking_budget": 99, "reasoning_budget": 99}         | {"thought_tokens": 99}                      |
      | chat | {"guided_choice": ["a", "b"]}                           | {"json_schema": {"enum": ["a", "b"]}, "unquoted": true} |
      | chat | {"structured_outputs": {"regex": "[a-z]+"}}             | {"json_schema": {"type": "string", "pattern": "^(?:[a-z]+)$"}, "unquoted": true} |
      | chat | {"grammar": "root ::= [a]"}                              | {"grammar": "root ::= [a]"}                 |
      | chat | {"logit_bias": {"5": -1, "bee": 2}}                     | {"logit_bias": {"5": -1.0, "bee": 2.0}}     |
      | text | {"logit_bias": [[5, 1.5], ["bee", false]]}              | {"logit_bias": {"5": 1.5, "bee": -100.0}}   |
      | text | {"guided_grammar": "root ::= [a]"}                      | {"grammar": "root ::= [a]"}                 |
      | text | {"guided_choice": ["a", "b"]}                           | {"json_schema": {"enum": ["a", "b"]}, "unquoted": true} |
      | text | {"guided_regex": "b+", "n": 2}                          | {"json_schema": {"type": "string", "pattern": "^(?:b+)$"}, "unquoted": true} |
      | text | {"guided_json": {"type": "array"}, "echo": true}        | {"json_schema": {"type": "array"}}          |
      | text | {"response_format": {"type": "json_object"}}            | {"json_schema": {"type": "object"}}         |
      | chat | {"structured_outputs": {"grammar": "root ::= [a]"}, "tools": [{"function": {"name": "f"}}], "tool_choice": "none"} | {"grammar": "root ::= [a]"} |
      | chat | {"num_ctx": 4096}                                       | {"ctx": 4096}                               |
      | chat | {"tools": [{"type": "function", "name": "f"}, {"function": {"name": "g"}}, {"type": "web_search"}]} | {"functions": [{"name": "f"}, {"name": "g"}]} |
      | chat | {"tools": [{"function": {"name": "f"}}], "tool_choice": "any"} | {"functions": [{"name": "f"}], "must_call": true} |
      | chat | {"tools": [{"function": {"name": "f"}}, {"function": {"name": "g"}}], "tool_choice": {"type": "function", "name": "g"}} | {"functions": [{"name": "g"}], "must_call": true} |
      | chat | {"tools": [{"function": {"name": "f"}}, {"function": {"name": "g"}}], "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "g"}}]}}} | {"functions": [{"name": "g"}]} |
      | chat | {"functions": [{"name": "f", "parameters": {"type": "object"}}], "function_call": "auto"} | {"functions": [{"name": "f", "parameters": {"type": "object"}}], "parallel_calls": false} |
      | chat | {"functions": [{"name": "f"}, {"name": "g"}], "function_call": {"name": "g"}} | {"functions": [{"name": "g"}], "must_call": true, "parallel_calls": false} |
      | chat | {"functions": [{"name": "f"}], "function_call": "none"}  | {"parallel_calls": false}                  |
      | chat | {"messages": [{"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}}, {"role": "function", "name": "f", "content": "x"}]} | {"messages": [{"role": "assistant", "content": "", "tool_calls": [{"id": "f", "name": "f", "arguments": "{}"}]}, {"role": "tool", "content": "x", "name": "f", "tool_call_id": "f"}]} |
      | chat | {"response_format": {"type": "json_object", "schema": {"type": "array"}}} | {"json_schema": {"type": "array"}} |
      | chat | {"response_format": {"type": "json_schema", "schema": {"type": "array"}}} | {"json_schema": {"type": "array"}} |
      | chat | {"json_schema": {"type": "array"}}                      | {"json_schema": {"type": "array"}}          |
      | chat | {"guided_json": {"type": "array"}}                      | {"json_schema": {"type": "array"}}          |
      | chat | {"structured_outputs": {"json": {"type": "array"}}}     | {"json_schema": {"type": "array"}}          |
      | chat | {"guided_json": "{\"type\": \"array\"}"} | {"json_schema": {"type": "array"}} |
      | chat | {"json_schema": "{\"type\": \"array\"}"} | {"json_schema": {"type": "array"}} |
      | chat | {"structured_outputs": {"json": "{\"type\": \"array\"}"}} | {"json_schema": {"type": "array"}} |
      | chat | {"response_format": {"type": "json", "value": {"type": "array"}}} | {"json_schema": {"type": "array"}} |
      | chat | {"response_format": {"type": "json_object", "value": {"type": "array"}}} | {"json_schema": {"type": "array"}} |
      | chat | {"response_format": {"type": "regex", "value": "b+"}} | {"json_schema": {"type": "string", "pattern": "^(?:b+)$"}, "unquoted": true} |
      | chat | {"response_format": {"type": "regex", "pattern": "b+"}} | {"json_schema": {"type": "string", "pattern": "^(?:b+)$"}, "unquoted": true} |
      | chat | {"response_format": {"type": "grammar", "grammar": "root ::= [a]"}} | {"grammar": "root ::= [a]"} |
      | chat | {"messages": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": ""}]} | {} |
      | chat | {"messages": [{"role": "assistant", "content": "Well,"}], "continue_final_message": true, "add_generation_prompt": false} | {"messages": [{"role": "assistant", "content": "Well,"}]} |
      | chat | {"keep_alive": "5m"}                                    | {"may_idle_s": 300.0}                           |
      | text | {"ttl": 60}                                             | {"may_idle_s": 60.0}                            |
      | text | {"keep_alive": "5m", "ttl": 60}                         | {"may_idle_s": 300.0}                           |
      | vectors | {"keep_alive": -1}                                   | {"may_idle_s": 2147483648.0}                    |
      | chat | {"messages": [{"role": "assistant", "content": "Well."}], "response_format": {"type": "json_object"}} | {"messages": [{"role": "assistant", "content": "Well."}, {"role": "user", "content": ""}], "json_schema": {"type": "object"}} |
      | chat | {"messages": [{"role": "assistant", "content": " {\"a\":"}], "response_format": {"type": "json_object"}} | {"messages": [{"role": "assistant", "content": " {\"a\":"}], "json_schema": {"type": "object"}} |
      | chat | {"messages": [{"role": "assistant", "content": "Well."}], "guided_choice": ["a"]} | {"messages": [{"role": "assistant", "content": "Well."}], "json_schema": {"enum": ["a"]}, "unquoted": true} |
      | chat | {"messages": [{"role": "assistant", "content": "Well."}], "tools": [{"function": {"name": "f"}}], "tool_choice": "required"} | {"messages": [{"role": "assistant", "content": "Well."}, {"role": "user", "content": ""}], "functions": [{"name": "f"}], "must_call": true} |
      | chat | {"messages": [{"role": "user", "content": "hello", "name": "Bob"}]} | {"messages": [{"role": "user", "content": "hello", "name": "Bob"}]} |
    Then each becomes the job that its row tells

  Scenario: What changes nothing that anybody can notice passes
    When programs say each of these
      | of a    | said                                                                     | becomes |
      | chat    | {"user": "me", "metadata": {"a": "b"}, "store": false}                   | {}      |
      | chat    | {"reasoning_format": "parsed", "usage": {"include": true}, "tools": [{"type": "web_search"}]} | {} |
      | text    | {"top_a": 0, "tfs": 1, "smoothing_factor": 0, "smoothing_curve": 1, "sampler_seed": -1, "rep_pen": 1, "do_sample": true, "custom_token_bans": "", "truncation_length": 4096} | {} |
      | chat    | {"service_tier": "flex", "verbosity": "low", "prompt_cache_key": "x"}    | {}      |
      | chat    | {"cache_prompt": true, "id_slot": -1, "n_keep": 0}                       | {}      |
      | chat    | {"best_of": 1, "length_penalty": 1.0, "skip_special_tokens": true}       | {}      |
      | chat    | {"use_beam_search": false, "stop_token_ids": [], "guided_regex": null}   | {}      |
      | chat    | {"functions": [], "logit_bias": []}                                      | {}      |
      | chat    | {"return_hidden_states": false, "custom_params": {"a": 1}, "bootstrap_host": "x", "extra_key": "x"} | {} |
      | chat    | {"speculative.n_max": 4, "backend_sampling": true, "adaptive_target": -1, "grammar_triggers": []} | {} |
      | chat    | {"structured_outputs": {"disable_any_whitespace": false, "disable_fallback": true}} | {} |
      | chat    | {"extra_body": {}, "safe_prompt": false, "session_id": "x", "context_length_exceeded_behavior": "error"} | {} |
      | vectors | {"normalized": true, "embedding_type": "float", "embed_dtype": "float32", "late_chunking": false} | {} |
      | ranks   | {"top_n": 0} | {} |
      | chat    | {"temperature": null, "stop": null, "tools": null, "bees": null}         | {}      |
      | chat    | {"stream_options": {"include_obfuscation": false, "include_usage": null}} | {}     |
      | chat    | {"top_logprobs": 0, "reasoning_effort": "default", "modalities": ["text"]} | {}    |
      | chat    | {"messages": [{"role": "user", "content": "hello", "refusal": null, "tool_calls": null, "annotations": []}]} | {} |
      | chat    | {"messages": [{"role": "user", "content": [{"type": "text", "text": "hello", "cache_control": {"type": "ephemeral"}}]}]} | {} |
      | text    | {"suffix": "", "best_of": 1.0, "logprobs": false, "echo": true}          | {}      |
      | tokens  | {"parse_special": true, "add_generation_prompt": true, "user": "me"}     | {}      |
      | ranks   | {"truncate": false, "rank_fields": ["text"], "priority": 3}              | {}      |
      | vectors | {"user": "me", "encoding_format": null, "truncate_prompt_tokens": -1}    | {}      |
    Then each becomes the job that its row tells

  @fault.queen.drop-fields @fault.queen.go-on-behind-forms
  Scenario: What cannot be had is refused, wherever it stands
    When programs say each of these
      | of a    | said                                                                      | field                              |
      | chat    | {"bees": 1}                                                               | bees                               |
      | chat    | {"messages": [{"role": "user", "content": "x", "bees": 1}]}               | messages[0].bees                   |
      | chat    | {"keep_alive": "soon"}                                                    | keep_alive                         |
      | chat    | {"messages": [{"role": "user", "content": [{"type": "text", "text": "x", "bees": 1}]}]} | messages[0].content[0].bees |
      | chat    | {"response_format": {"type": "json_object", "bees": 1}}                   | response_format.bees               |
      | chat    | {"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}} | response_format.json_schema.schema |
      | chat    | {"response_format": {"type": "text", "schema": {}}}                       | response_format                    |
      | chat    | {"stream_options": {"bees": true}}                                        | stream_options.bees                |
      | chat    | {"tools": [{"type": "function", "function": {"name": "f", "bees": 1}}]}   | tools[0].function.bees             |
      | chat    | {"tools": [{"type": "function", "function": {"name": "f"}, "bees": 1}]}   | tools[0].bees                      |
      | chat    | {"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "required", "response_format": {"type": "json_object"}} | response_format |
      | chat    | {"response_format": {"type": "json_object"}, "ignore_eos": true}          | ignore_eos                         |
      | chat    | {"grammar": "root ::= [a]", "ignore_eos": true}                           | ignore_eos                         |
      | text    | {"grammar": "root ::= [a]", "min_tokens": 5, "max_tokens": 5}             | min_tokens                         |
      | text    | {"guided_choice": ["a"], "ignore_eos": true}                              | ignore_eos                         |
      | text    | {"guided_regex": "b+", "guided_choice": ["b"]}                            | guided_regex                       |
      | text    | {"guided_json": {}, "grammar": "root ::= [a]"}                            | grammar                            |
      | chat    | {"guided_choice": ["a"], "min_tokens": 5, "max_tokens": 5}                | min_tokens                         |
      | chat    | {"response_format": {"type": "json_object"}, "guided_json": {}}           | guided_json                        |
      | chat    | {"min_tokens": 3, "max_tokens": 5}                                        | min_tokens                         |
      | chat    | {"max_tokens": 8.5}                                                       | max_tokens                         |
      | chat    | {"repeat_penalty": 1.1, "repetition_penalty": 1.2}                        | repetition_penalty                 |
      | chat    | {"reasoning_effort": "none", "enable_thinking": true}                     | reasoning_effort                   |
      | chat    | {"functions": [{"name": "f"}], "tools": [{"type": "function", "function": {"name": "f"}}]} | functions |
      | chat    | {"functions": [{"name": "f"}], "function_call": {"name": "g"}}            | function_call                      |
      | chat    | {"functions": [{"name": "f", "bees": 1}]}                                 | functions[0].bees                  |
      | chat    | {"logit_bias": [[5, 101]]}                                                | logit_bias[0][1]                   |
      | chat    | {"logit_bias": [[5, true]]}                                               | logit_bias                         |
      | chat    | {"grammar": "root ::= [a]", "guided_grammar": "root ::= [b]"}             | guided_grammar                     |
      | chat    | {"ebnf": "root ::= [a]", "response_format": {"type": "json_object"}}      | ebnf                               |
      | chat    | {"grammar": "root ::= [a]", "tools": [{"function": {"name": "f"}}]}       | grammar                            |
      | chat    | {"guided_regex": "b+", "guided_choice": ["b"]}                            | guided_regex                       |
      | chat    | {"best_of": 2}                                                            | best_of                            |
      | text    | {"n": 2, "best_of": 3} | best_of |
      | chat    | {"n": 2, "n_cmpl": 3} | n_cmpl |
      | chat    | {"seed": 1, "random_seed": 2} | random_seed |
      | chat    | {"extra_body": {"top_k": 1}} | extra_body |
      | chat    | {"guided_json": "[1]"} | guided_json |
      | chat    | {"structured_outputs": {"disable_any_whitespace": true}} | structured_outputs.disable_any_whitespace |
      | chat    | {"response_format": {"type": "regex", "value": {}}} | response_format |
      | chat    | {"response_format": {"type": "regex"}} | response_format |
      | chat    | {"response_format": {"type": "json_schema", "schema": {}, "value": {}}} | response_format |
      | chat    | {"response_format": {"type": "grammar", "grammar": "root ::= [a]"}, "guided_regex": "b+"} | response_format |
      | vectors | {"late_chunking": true} | late_chunking |
      | chat    | {"use_beam_search": true}                                                 | use_beam_search                    |
      | chat    | {"continue_final_message": true}                                          | continue_final_message             |
      | chat    | {"messages": [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}]} | messages |
      | text    | {"suffix": "bee", "echo": true, "logprobs": 1}                            | suffix                             |
      | text    | {"prompt": ["bee", 1]}                                                    | prompt                             |
      | text    | {"prompt_logprobs": 1}                                                    | prompt_logprobs                    |
      | tokens  | {"content": "bee"}                                                        | prompt                             |
      | tokens  | {"prompt": null}                                                          | prompt                             |
      | tokens  | {"tools": []}                                                             | tools                              |
      | tokens  | {"parse_special": false}                                                  | parse_special                      |
      | ranks   | {"documents": null}                                                       | documents                          |
      | ranks   | {"texts": ["bee"]}                                                        | documents                          |
      | ranks   | {"documents": [{"text": "bee", "title": "x"}]}                            | documents[0].title                 |
      | ranks   | {"max_tokens_per_doc": 4096}                                              | max_tokens_per_doc                 |
      | vectors | {"input_type": "query"}                                                   | input_type                         |
    Then no job comes of any, and each is refused for its field

  Scenario: A request that begins with a byte order mark, as some programs write it
    When a program says hello behind a byte order mark
    Then that becomes the job that it would be without

  @fault.queen.promise-a-word
  Scenario: What is said to be done is read by something
    When the fields that are said to be done are looked up in the code
    Then nothing reads these alone
      | field      | since                        |
      | modalities | it lets a text through alone |

  Scenario: The page about them is made of the code
    When the page of fields is made of the code
    Then it is the page of fields in the documentation
