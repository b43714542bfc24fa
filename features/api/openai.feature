Feature: Programs that speak OpenAI's API
  Editors, chat apps and scripts that speak to a server of OpenAI's kind are pointed at the queen, and
  simply work, on whichever machine the model happens to run. The client here is OpenAI's own.

  Rule: What they ask for, they get

    @fault.queen.all-at-the-beginning
    @fault.worker.own-samplers
    Scenario: Answers of every kind
      Given a swarm that is warm
      When programs with OpenAI's client ask her for each of these
        | asked for                                         | got                              |
        | an answer                                         | Hello! How can I help you today? |
        | an answer in pieces                               | Hello! How can I help you today? |
        | an answer in pieces, side by side with other work | Hello! How can I help you today? |
        | the count of its tokens                           | 10 read, 14 written              |
        | at most 3 tokens                                  | Hello, cut by length             |
        | an answer that stops before "help"                | Hello! How can I                 |
        | an answer without its likeliest beginning         | Once upon a time                 |
        | an answer that it has begun                       | can I help you today?            |
        | an answer in words of other servers               | Hello! How can I                 |
        | 20 tokens, where the model would end after 14     | 20 written, cut by length        |
        | the two likeliest first tokens                    | H before Once                    |
        | two stories at once, drawn from a seed            | 2 different ones                 |
        | an answer in the form of a class                  | a Mood                           |
        | an answer in a form, behind its last words        | {"a": "bee"}                     |
        | any JSON object                                   | dict                             |
        | an answer of a grammar                            | hive                             |
        | a call of some function                           | weather                          |
        | a call of one function, in pieces                 | weather                          |
        | a text to go on with                              | Once upon a time                 |
        | a text to go on with, in pieces                   | a time                           |
        | where each token of it begins, in pieces          | where those before end           |
        | the models                                        | minillama is loaded on localhost |
      Then each of them gets what it asked for

    @fault.queen.silent-v1
    @fault.queen.blank-remarks
    Scenario: A model that is on no machine yet is fetched, and the answer tells of it meanwhile
      Given a hub that holds "author/minillama"
      And programs are told at once that an answer takes its time
      And a queen that is awake
      When a program with OpenAI's client reads an answer of "author/minillama" in pieces
      Then it has read "hive: model size = 550 KB; starting download" as a remark before the answer
      And each blank line of the stream ends an event
      And the hive's catalog holds model "HF:author/minillama"

    @only-asks
    @fault.queen.shuffle-vectors
    @fault.worker.same-vector
    Scenario: Vectors of texts, of a model that is on no machine yet and of one that chats
      Given a hub that holds "author/minibert"
      And a swarm that is warm
      When programs with OpenAI's client ask her for each of these
        | asked for                          | got                                 |
        | a vector of a text                 | 32 numbers of length 1, 7 read      |
        | vectors of several texts           | that of each, in their order        |
        | vectors of 2048 texts of 1 kB      | 2048                                |
        | vectors packed, and as numbers     | the same                            |
        | a vector of tokens                 | that of their text                  |
        | a vector of the model's own length | 32 numbers of length 1, 7 read      |
        | a vector of 8 numbers              | 8 numbers of length 1, 7 read       |
        | an answer of a model that cannot   | 400 invalid_request about model     |
        | a vector of a model that chats     | 128 numbers of length 1, 4 read     |
        | an answer                          | Hello! How can I help you today?    |
      Then each of them gets what it asked for

    @only-asks
    @fault.worker.fail-at-others-calls
    Scenario: A model that was taught to call decides by itself when to
      Given a hub that holds "author/caller-llama"
      And a swarm that is warm
      When programs with OpenAI's client ask her for each of these
        | asked for                                      | got                   |
        | what a caller says where nothing can be called | Hello!                |
        | what a caller says where others can be called  | Hello!                |
        | a call that the model decides on               | weather of Rome       |
        | a call that the model decides on, in pieces    | weather of Rome       |
        | what it says of a call in older words          | The weather is fine.  |
        | what it says of the answer to its call         | The weather is fine.  |
      Then each of them gets what it asked for

    @only-asks
    @fault.worker.silent-tools
    Scenario: A model that was not taught to call answers without its tools, and the answer says so
      Given a swarm that is warm
      When programs with OpenAI's client ask her for each of these
        | asked for                                             | got                              |
        | an answer of a model that knows no tools              | Hello! How can I help you today? |
        | the warning of such an answer                         | tools were left out              |
        | the warning of such an answer, in pieces              | tools were left out              |
        | the warning of an answer without tools                | none                             |
        | a call of some function                               | weather                          |
      Then each of them gets what it asked for

    @only-asks
    @fault.queen.work-for-nobody
    Scenario: A program that leaves in the middle frees its place
      Given a hub that holds "author/endless-llama"
      And a swarm that is warm
      When a program with OpenAI's client leaves in the middle of an answer of "author/endless-llama"
      Then the job that it left is cancelled at once
      And each worker has all its slots free

    Scenario: A program whose client tries again by itself is answered once there is room
      Given a hub that holds "author/endless-llama"
      And a worker takes 1 job at once
      And the queue of a model has 1 place
      And programs are told at once that an answer takes its time
      And a queen that is awake
      When programs with OpenAI's client crowd "author/endless-llama" until one is sent away, and leave
      Then the one that was sent away has tried again, and has its answer

    Scenario: A program finds the swarm by the words that "up" prints for it
      Given a program of my own called "ask" that asks a server of OpenAI's kind for an answer
      When I type "eval $(rbee-keeper up --print-env) && python ask"
      Then stdout holds " Hello! How can I help you today?" alone
      And the swarm stays up

    Scenario: A program finds it, encrypted, by those that "up" prints for other machines
      Given a program of my own called "ask" that asks a server of OpenAI's kind for an answer
      When I type "eval $(rbee-keeper up --host 0.0.0.0 --print-env) && case $OPENAI_BASE_URL in https:*) python ask && rbee-keeper infer hello && rbee-keeper ps; esac"
      Then stdout contains " Hello! How can I help you today?"
      And stdout contains "TOKENS/S"
      And stderr contains "other machines reach her page and all APIs at https://"
      And the terminal does not narrate
        """
        queen was woken with other values, and keeps them: SSL_CERT_FILE
        """
      And the swarm stays up

  Rule: What cannot be had is refused, and whoever asked knows what is wrong with it

    @only-asks
    @fault.queen.again-and-again
    Scenario: Requests that ask for something wrong are refused once, and not tried again
      Given a hub that holds "author/colossus"
      And a swarm that is warm
      When programs with OpenAI's client ask her wrongly
        | asked                                           | status | code                    | about                  |
        | with another key                                | 401    | invalid_api_key         |                        |
        | for a model of somebody else                    | 404    | model_not_found         | model                  |
        | for a model that is not known                   | 404    | model_not_found         | model                  |
        | for more heat than there is                     | 400    | invalid_request         | temperature            |
        | for something that nobody knows                 | 400    | invalid_request         | bees                   |
        | for the same in a message                       | 400    | invalid_request         | messages[0].bees       |
        | for a form beside a call                        | 400    | invalid_request         | response_format        |
        | about a picture                                 | 400    | invalid_request         | messages[0].content[0] |
        | for a form that cannot be enforced              | 400    | invalid_request         | response_format.json_schema.schema.properties.a.uniqueItems |
        | for a function that is not there                | 400    | invalid_request         | tool_choice            |
        | for a form that nothing has                     | 400    | invalid_request         | response_format.json_schema.schema.minItems |
        | for a form that is none                         | 400    | invalid_request         | response_format.json_schema.schema.properties |
        | for a form of too many values                   | 400    | invalid_request         | response_format.json_schema.schema.enum |
        | for a model whose name no disk takes            | 400    | invalid_request         | model                  |
        | about a text that is too long                   | 400    | context_length_exceeded | messages               |
        | the same in pieces                              | 400    | context_length_exceeded | messages               |
        | for a vector of too long a text                 | 400    | context_length_exceeded | input                  |
        | for a vector of nothing                         | 400    | invalid_request         | input[1]               |
        | for a vector of nobody's tokens                 | 400    | invalid_request         | input                  |
        | for a longer vector                             | 400    | invalid_request         | dimensions             |
        | for more of a token that is none                | 400    | invalid_request         | logit_bias             |
        | for a model that no device has room for         | 503    | insufficient_ram        |                        |
      Then each of them is refused with what its row tells, and fails

    Scenario: Tools are refused where a model was not taught to call, for who wants it so
      Given tools that a model was not taught are refused
      And a swarm that is warm
      When programs with OpenAI's client ask her wrongly
        | asked                                           | status | code            | about |
        | whether to call, of a model that knows no tools | 400    | invalid_request | tools |
      Then each of them is refused with what its row tells, and fails

    @only-asks
    Scenario: An answer that breaks off in the middle is told as an error
      Given a hub that holds "author/endless-llama"
      And a swarm that is warm
      When the worker is killed in the middle of an answer of "author/endless-llama" to a program
      Then the last that it was sent is the error "worker_crashed", and its request fails

    Scenario: Requests that the engine of a model has nothing for
      Given models run on engine "ctransformers"
      And a swarm that is warm
      When programs with OpenAI's client ask her wrongly
        | asked                           | status | code            | about             |
        | for any JSON object             | 400    | invalid_request | response_format   |
        | for a call                      | 400    | invalid_request | tools             |
        | how likely its tokens are       | 400    | invalid_request | logprobs          |
        | for a token less                | 400    | invalid_request | logit_bias        |
        | for words that are not repeated | 400    | invalid_request | frequency_penalty |
        | for the same in vLLM's word     | 400    | invalid_request | repetition_penalty |
        | for what it has begun to go on  | 400    | invalid_request | messages          |
      Then each of them is refused with what its row tells, and fails
