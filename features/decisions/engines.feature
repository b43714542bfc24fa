Feature: An engine is one record, which its package registers
  A new engine touches its own file and the list of entry points of its package; what rbee asks of it
  is decided by its record.

  @fault.worker.answer-anyway
  Scenario Outline: What of a request an engine has nothing for: <case>
    When an engine that knows of "<known>" is sent <request>
    Then it refuses the field "<field>"

    Examples:
      | case                           | known   | request                       | field             |
      | text alone                     |         | prompt                        |                   |
      | a conversation, unknown        |         | messages                      | messages          |
      | a conversation                 | chat    | messages                      |                   |
      | vectors, unknown               | chat    | inputs                        | inputs            |
      | vectors, for which logprobs mean nothing | vectors | inputs and logprobs=1 |                 |
      | likelihoods of no alternatives | chat    | prompt and logprobs=0         | logprobs          |
      | to think                       | chat    | prompt and think=true         | think             |
      | not to think                   | chat    | prompt and think=false        |                   |
      | no repetitions                 | chat    | prompt and frequency_penalty=1 | frequency_penalty |
      | the tokens of a text, unknown  | chat    | prompt and tokens_only=true   | tokens_only       |
      | a ranking, unknown             | vectors | inputs and query="bee"        | query             |

  @fault.worker.blame-the-model
  Scenario Outline: An engine that cannot load a model for want of memory is told from one that cannot at all
    When llama.cpp says "<line>" as it loads a model
    Then it lacks <what>

    Examples:
      | line                                                                                | what    |
      | ggml_aligned_malloc: insufficient memory (attempted to allocate 720.00 MB)          | memory  |
      | allocating 8192.00 MiB on device 0: cudaMalloc failed: out of memory                | memory  |
      | llama_init_from_model: failed to initialize: failed to allocate buffer for kv cache | memory  |
      | llama_model_load: error loading model: mmap failed: Cannot allocate memory          | memory  |
      | llama_model_load: error loading model: unknown model architecture: 'bee'            | nothing |
      | llama_model_load: error loading model: tensor 'output.weight' data is not within    | nothing |

  Scenario: An installation has the engines that its metadata name
    When rbee runs from a wheel whose metadata name "llamacpp"
    Then its engines are "llamacpp"

  Scenario: An editable one, older than itself, has those of its pyproject.toml
    When rbee runs from a source tree whose metadata name ""
    Then its engines are those of its pyproject.toml

  @fault.hive.whole-for-each-part
  Scenario Outline: What a model is promised: <case>
    Given two GPUs of 2 GB each
    When minillama is promised its room on "<placement>"
    Then "<promised>" of it is kept

    Examples:
      | case               | placement     | promised           |
      | on one device      | gpu1          | gpu1 100%          |
      | in parts on two    | gpu0+gpu1     | gpu0 52%, gpu1 48% |
      | beside RAM         | gpu0+cpu      | gpu0 63%, cpu 37%  |

  @fault.hive.promise-twice
  Scenario: What is promised is not promised again, until it is given back
    Given two GPUs of 0.5 GB each
    When minillama is promised its room on "gpu0" until there is no more
    Then "gpu1" still has room for it
    And "gpu0" has room for one more once the first is gone

  @fault.hive.spread-beside-the-idle
  Scenario: Where workers idle, no layer is in RAM for want of their room
    Given two GPUs of 0.477 GB each
    When minillama is promised its room on "gpu0" until there is no more
    Then of one more, "5, 0" layers lie on "gpu0+cpu", since they idle
