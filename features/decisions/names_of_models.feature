Feature: Names of one's own for models
  A person may call a model by a name, with settings for whoever asks by that. The queen has the names,
  so that they mean the same in each command and each API.

  Scenario: What is typed for a model
    When each of these is typed for a model
      | typed                   | comes to                  |
      | HF:owner/repo           | HF:owner/repo             |
      | owner/repo              | HF:owner/repo             |
      | owner/repo:q4_k_m@main  | HF:owner/repo:Q4_K_M@main |
      | owner/repo:file.gguf    | HF:owner/repo:file.gguf   |
      | bee                     | bee                       |
      | llama3.2:1b             | llama3.2:1b               |
      | minillama               | minillama                 |
      | minilama                | refused                   |
      | HF:author               | refused                   |
      | a/b/c                   | refused                   |
      | https://hf.co/owner/repo | refused                  |
    Then each comes to what its row tells

  Scenario: Ollama's programs ask by their names for a model, whichever API they speak
    When each of these is asked for below "/v1"
      | name                           | comes to             |
      | minillama                      | minillama            |
      | minillama:latest               | minillama            |
      | owner/repo:latest              | HF:owner/repo        |
      | owner/repo:Q4_K_M              | HF:owner/repo:Q4_K_M |
      | hf.co/owner/repo:q4_k_m        | HF:owner/repo:Q4_K_M |
      | huggingface.co/owner/repo      | HF:owner/repo        |
      | https://huggingface.co/owner/repo | HF:owner/repo     |
      | llama3.2:latest                | refused              |
      | https://hf.co/owner/repo:latest | HF:owner/repo       |
      | https://example.com/x.gguf     | refused              |
      | https://owner/repo             | refused              |
      | file:/data/a.gguf              | file:/data/a.gguf    |
      | file:/data/a.gguf:latest       | file:/data/a.gguf:latest |
    Then each comes to what its row tells

  @fault.queen.never-by-its-name
  Scenario: A name is asked for as it stands, before what ollama's programs mean by it
    When each of these is asked for in an API, where these names are given
      | model         | given           | comes to    |
      | bee           | bee             | bee         |
      | bee:latest    | bee             | bee         |
      | bee:latest    | bee:latest      | bee:latest  |
      | bee:latest    | bee, bee:latest | bee:latest  |
      | bee           | bee, bee:latest | bee         |
      | bee           | bee:latest      | none        |
      | HF:owner/repo | bee             | none        |
    Then each comes to what its row tells

  @fault.shared.any-setting-of-a-name
  Scenario: Settings are typed as they are called, and no other
    When these settings of a name are typed
      | typed                              | comes to                                |
      | temperature=0                      | "temperature": 0.0                      |
      | thinking=false, keep_loaded=true   | "keep_loaded": true, "thinking": false  |
      | system=Be brief.                   | "system": "Be brief."                   |
      | stop=a, stop=b=c                   | "stop": ["a", "b=c"]                    |
      | context=4096, slots=1              | "context": 4096, "slots": 1             |
      | min_p=0.1                          | "min_p": 0.1                            |
      | tempreture=0                       | refused: tempreture                     |
      | temperature                        | refused: temperature                    |
      | temperature=9                      | refused: temperature                    |
      | draft=owner/small:q8_0             | "draft": "HF:owner/small:Q8_0"          |
      | draft=small                        | refused: draft                          |
    Then each comes to what its row tells

  Scenario: Names in config.toml
    When each of these stands in config.toml
      | text                                                   | comes to               |
      | [names.bee]~model = "owner/repo"~temperature = 0       | bee is HF:owner/repo   |
      | [names."llama3.2:1b"]~model = "HF:owner/repo:q8_0"     | llama3.2:1b is HF:owner/repo:Q8_0 |
      | [names.bee]~model = "owner/repo"~tempreture = 0        | refused: config.toml, line 1: names.bee: Object contains unknown field `tempreture` |
      | [names.bee]~temperature = 0                            | refused: config.toml, line 1: names.bee: Object missing required field `model` |
      | [names.minillama]~model = "owner/repo"                 | refused: config.toml, line 1: a model cannot be called 'minillama' |
    Then each comes to what its row tells

  @fault.queen.names-over-requests
  Scenario: A request has what its name brings, unless it says otherwise
    When each of these requests asks by a name with these settings
      | settings           | request                         | comes to                               |
      | temperature=0.5    | "prompt": "hello"               | "prompt": "hello", "temperature": 0.5  |
      | temperature=0.5    | "prompt": "hello", "temperature": 0 | "prompt": "hello", "temperature": 0.0  |
      | context=512        | "prompt": "hello"               | "ctx": 512, "prompt": "hello"          |
      | thinking=false     | "prompt": "hello"               | "prompt": "hello", "think": false      |
      | thinking=false     | "prompt": "hello", "think": true | "prompt": "hello", "think": true      |
      | system=Be brief.   | "prompt": "hello"               | "messages": [{"content": "Be brief.", "role": "system"}, {"content": "hello", "role": "user"}] |
      | system=Be brief.   | "messages": [{"role": "system", "content": "Be long."}, {"role": "user", "content": "hello"}] | "messages": [{"content": "Be long.", "role": "system"}, {"content": "hello", "role": "user"}] |
      | system=Be brief.   | "prompt": "hello", "raw": true  | "prompt": "hello", "raw": true         |
      | ignore_eos=true    | "prompt": "hello"               | "ignore_eos": true, "prompt": "hello"  |
      | ignore_eos=true    | "prompt": "hello", "grammar": "root ::= [a]" | "grammar": "root ::= [a]", "prompt": "hello" |
    Then each comes to what its row tells

  @fault.queen.names-open-models
  Scenario: A name opens no model to a key that may not use that
    When each of these keys asks by a name
      | limits              | fetch     | model                       | comes to                    |
      | nothing             | fetch not | HF:author/minillama         | HF:author/minillama         |
      | HF:author/*         | fetch not | HF:author/minillama         | HF:author/minillama         |
      | HF:other/*          | fetch not | HF:author/minillama         | model_not_found             |
      | nothing             | fetch not | file:/home/maria/diary.gguf | file:/home/maria/diary.gguf |
      | HF:author/*         | fetch not | file:/home/maria/diary.gguf | model_not_found             |
      | nothing             | fetch not | HF:other/new                | model_not_found             |
      | nothing             | fetch     | HF:other/new                | HF:other/new                |
      | nothing             | fetch     | file:/etc/passwd            | model_not_found             |
    Then each comes to what its row tells

  Scenario: In ollama's list it has a tag
    When ollama's programs with each of these keys look for models
      | limits      | comes to                     |
      | no key      | bee:latest, minillama:latest |
      | minillama   | bee:latest, minillama:latest |
      | HF:author/* |                              |
    Then each comes to what its row tells
