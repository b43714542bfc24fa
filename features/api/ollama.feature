@needs-clients
Feature: Programs that speak ollama's API
  Many tools speak to ollama alone. They are told where the queen is and the key (`OLLAMA_HOST`,
  `OLLAMA_API_KEY`), and work with the models of the swarm. The client here is ollama's own.

  Rule: What they ask for, they get

    @only-asks
    Scenario: Answers of every kind
      Given a swarm that is warm
      When a program with ollama's client asks her for each of these
        | asked for                                         | she sends | got                                 |
        | an answer                                         | 200       | Hello! How can I help you today?    |
        | an answer in pieces                               | 200       | Hello! How can I help you today?    |
        | an answer in pieces, side by side with other work | 200       | Hello! How can I help you today?    |
        | the count of its tokens                           | 200       | 10 read, 14 written, stop           |
        | at most 3 tokens                                  | 200       | Hello, cut by length                |
        | an answer that stops before "help"                | 200       | Hello! How can I                    |
        | the two likeliest first tokens                    | 200       | H before Once                       |
        | any JSON object                                   | 200       | dict                                |
        | an answer in the form of a class                  | 200       | a Mood                              |
        | an answer to a prompt                             | 200       | Hello! How can I help you today?    |
        | an answer to a prompt, in pieces                  | 200       | Hello! How can I help you today?    |
        | a text to go on with                              | 200       | a time                              |
        | that a model be loaded                            | 200       | load: ''                            |
        | an answer in more context than there is           | 200       | Hello! How can I help you today?    |
        | an answer with tools that it was not taught       | 200       | Hello! How can I help you today?    |
        | the models                                        | 200       | minillama:latest                    |
        | what is loaded                                    | 200       | minillama:latest with room for 512  |
        | what a model is                                   | 200       | gguf of 512 tokens that can completion |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @only-asks
    @fault.queen.half-a-call
    Scenario: A model that was taught to call decides by itself when to
      Given a hub that holds "author/caller-llama"
      And a swarm that is warm
      When a program with ollama's client asks her for each of these
        | asked for                                   | she sends | got                  |
        | a call that the model decides on            | 200       | weather of Rome      |
        | a call that the model decides on, in pieces | 200       | weather of Rome      |
        | what it says of the answer to its call      | 200, 200  | The weather is fine. |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @only-asks
    Scenario: Vectors of texts
      Given a hub that holds "author/minibert"
      And a swarm that is warm
      When a program with ollama's client asks her for each of these
        | asked for                     | she sends | got                           |
        | vectors of several texts      | 200       | 2 of 32 numbers, of length 1  |
        | vectors of 8 numbers          | 200       | 2 of 8 numbers, of length 1   |
        | a vector as older programs do | 200, 200  | the same                      |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @only-asks
    @fault.queen.names-lead-nowhere
    Scenario: A model that is fetched is in the list, by a name to ask for
      Given a hub that holds "author/minillama"
      And a swarm that is warm
      When a program with ollama's client asks her for each of these
        | asked for                               | she sends               | got                                        |
        | that a model be fetched                 | 200                     | success                                    |
        | the same, told in the end               | 200                     | success                                    |
        | the models                              | 200                     | minillama:latest, author/minillama:latest  |
        | a token of each model in the list       | 200, 200, 200, 200, 200 | H / H / H / H                              |
        | an answer of the model that was fetched | 200                     | Hello! How can I help you today?           |
        | an answer of hf.co                      | 200                     | Hello! How can I help you today?           |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @fault.queen.stay-anyway
    @fault.queen.for-all-that-follow
    Scenario: A model stays loaded for as long as a request says
      Given a swarm that is warm
      When a program with ollama's client asks her for each of these
        | asked for                                           | got                  |
        | how long it stays loaded                            | for about 5 minutes  |
        | that it stay for an hour                            | for about 60 minutes |
        | how long it stays, behind somebody who said an hour | for about 5 minutes  |
        | that it stay for ever                               | for ever             |
        | that a model be unloaded                            | minillama / unload / nothing |
        | an answer and no more                               | Hello! How can I help you today? / nothing |
        | ten answers, each and no more                       | Hello                |
      Then each of them gets what it asked for

    @fault.hive.keep-to-itself
    Scenario: A new queen knows what was said of it, and the next who says nothing ends that
      Given a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      And a program with ollama's client that has asked her "that it stay for ever"
      And the queen has just been killed
      And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      When a program with ollama's client asks her for each of these
        | asked for                             | got                 |
        | how long the one stays that is loaded | for about 5 minutes |
      Then each of them gets what it asked for

    @fault.queen.unload-the-used
    @only-asks
    Scenario: A model that somebody uses is unloaded behind that
      Given a hub that holds "author/endless-llama"
      And a swarm that is warm
      When a program with ollama's client asks her for each of these
        | asked for                                   | got                                  |
        | that a model be unloaded that somebody uses | unload, 50 pieces more, then nothing |
      Then each of them gets what it asked for

    @only-asks
    @fault.queen.strict-with-the-empty
    Scenario: What ollama's client in Go sends, field by field
      Given a swarm that is warm
      When a program asks the queen each of these, with its body
        | request               | body | status | says |
        | HEAD /                |      | 200    |      |
        | POST /api/show        | {"model": "minillama", "system": "", "template": "", "verbose": false, "options": null, "name": "minillama"} | 200 | "capabilities":["completion","tools"] |
        | POST /api/pull        | {"model": "minillama", "username": "", "password": "", "stream": false, "name": "minillama"} | 200 | {"status":"success"} |
        | POST /api/generate    | {"model": "minillama", "prompt": "", "suffix": "", "system": "", "template": "", "options": null, "_debug_render_only": false} | 200 | "done_reason":"load" |
        | POST /api/chat        | {"model": "minillama", "messages": [{"role": "user", "content": "hello"}], "stream": false, "options": {"num_predict": 1}, "_debug_render_only": false} | 200 | "done_reason":"length" |
        | POST /api/chat        | {"model": "minillama", "messages": null, "stream": false, "options": null, "_debug_render_only": false} | 200 | "done_reason":"load" |
        | POST /api/embed       | {"model": "minillama", "input": "", "options": null} | 200 | "embeddings":[] |
        | POST /api/embeddings  | {"model": "minillama", "prompt": "", "options": null} | 200 | {"embedding":[]} |
        | POST /api/create      | {"model": "bee", "from": "minillama"} | 400 | rbee-keeper name |
        | POST /api/copy        | {"source": "minillama", "destination": "bee"} | 400 | rbee-keeper name |
        | POST /api/push        | {"model": "minillama"}       | 400 | registry |
        | DELETE /api/delete    | {"model": "minillama"}       | 400 | rbee-keeper rm |
        | POST /api/blobs/sha256:0 | x                         | 400 | files of models |
      Then each answer has its status, and says what its row tells

    @needs-real-models
    Scenario: What a model thinks is told apart from its answer, and can be done without
      Given a worker takes 1 job at once
      And a queen that is awake
      When a program with ollama's client asks her for each of these
        | asked for                   | she sends | got        |
        | what a model thinks         | 200       | a thought  |
        | an answer without a thought | 200       | no thought |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @only-asks
    Scenario: A program that leaves in the middle frees its place
      Given a hub that holds "author/endless-llama"
      And a swarm that is warm
      When a program with ollama's client asks her for each of these
        | asked for                          | she sends | got      |
        | an endless answer, which it leaves | 200       | 5 pieces |
      Then each of them gets what it asked for
      And the job that it left is cancelled at once
      And each worker has all its slots free

  Rule: What cannot be had is refused, and whoever asked knows what is wrong with it

    @only-asks
    @fault.queen.list-to-all-keys
    Scenario: The holder of a key is shown what it may use, and gets that alone
      Given a hub that holds "author/minillama"
      And a swarm that is warm
      And the key "tv" of "rbee-keeper add-key tv --model 'HF:author/mini*' --may-fetch"
      When the program with the key "tv" asks with ollama's client for each of these
        | asked for                               | she sends | got                                       |
        | that a model be fetched                 | 200       | success                                   |
        | an answer of the model that was fetched | 200       | Hello! How can I help you today?          |
        | the models                              | 200       | author/minillama:latest                   |
        | what is loaded                          | 200       | author/minillama:latest with room for 512 |
        | an answer                               | 404       | nothing                                   |
        | what a model is                         | 404       | nothing                                   |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @fault.queen.stay-for-a-key
    @fault.queen.unload-for-a-key
    @only-asks
    Scenario: The holder of a key keeps no model loaded for the others, and takes none from them
      Given a swarm that is warm
      And the key "tv" of "rbee-keeper add-key tv --requests 2"
      When the program with the key "tv" asks with ollama's client for each of these
        | asked for                        | got                 |
        | that it stay for ever            | for about 5 minutes |
        | that a model be unloaded for all | unload / minillama  |
        | an answer                        | nothing             |
      Then each of them gets what it asked for

    @only-asks
    @fault.queen.drop-options
    Scenario: Requests that ask for something wrong
      Given a swarm that is warm
      When a program with ollama's client asks her for each of these
        | asked for                                | she sends | got     |
        | an answer, with another key              | 401       | nothing |
        | an answer to a text that is too long     | 400       | nothing |
        | an answer of a model of somebody else    | 404       | nothing |
        | a model of somebody else                 | 404       | nothing |
        | that a model of somebody else be fetched | 404       | nothing |
        | an option that nobody knows              | 400       | nothing |
        | an option that cannot be had             | 400       | nothing |
        | more heat than there is                  | 400       | nothing |
        | what is in a picture                     | 400       | nothing |
        | what is between two texts                | 400       | nothing |
      Then she has sent for each of them what its row tells, and was asked once
      And each of them gets what it asked for

    @only-asks
    Scenario: An answer that breaks off in the middle is told as an error
      Given a hub that holds "author/endless-llama"
      And a swarm that is warm
      When the worker is killed in the middle of an answer of "author/endless-llama" in ollama's words
      Then the last line of that answer is an error alone
