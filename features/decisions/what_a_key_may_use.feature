Feature: What the holder of a key may use, and what it is told
  On the machines of this swarm are the repositories "author/minillama" and "other/secret:Q4_K_M", and
  three files, of which two have one name in different folders.

  Scenario Outline: A key that is limited to <limits> and may <fetch> asks for <asked>
    When a key that is limited to "<limits>" and may <fetch> asks for "<asked>"
    Then it gets "<got>"

    Examples: By their names, what is here
      | limits  | fetch     | asked                              | got                                |
      | nothing | fetch not | author/minillama                   | HF:author/minillama                |
      | nothing | fetch not | hf:author/minillama                | HF:author/minillama                |
      | nothing | fetch not | minillama                          | minillama, fetched                 |
      | nothing | fetch not | diary.gguf                         | file:/home/maria/models/diary.gguf |
      | nothing | fetch not | same.gguf#1                        | file:/data/one/same.gguf           |
      | nothing | fetch not | same.gguf#2                        | file:/data/two/same.gguf           |
      | nothing | fetch not | same.gguf                          | model_not_found                    |
      | nothing | fetch not | other/secret:q4_k_m                | HF:other/secret:Q4_K_M             |

    Examples: No file by its path, whether there is one
      | limits                             | fetch | asked                              | got             |
      | nothing                            | fetch | file:/home/maria/models/diary.gguf | model_not_found |
      | file:/home/maria/models/diary.gguf | fetch | file:/home/maria/models/diary.gguf | model_not_found |
      | nothing                            | fetch | file:/etc/shadow                   | model_not_found |
      | nothing                            | fetch | File:///etc/shadow                 | model_not_found |

    Examples: Only what its owner has named
      | limits                   | fetch     | asked                | got                           |
      | HF:author/minillama      | fetch not | other/secret:Q4_K_M  | model_not_found               |
      | HF:author/*              | fetch not | author/minillama     | HF:author/minillama           |
      | HF:author/*              | fetch not | diary.gguf           | model_not_found               |
      | HF:author/*              | fetch not | minillama            | model_not_found               |
      | file:/data/two/same.gguf | fetch not | same.gguf            | file:/data/two/same.gguf      |
      | minillama, HF:other/*    | fetch not | author/minillama     | model_not_found               |

    Examples: Fetched, where its owner allows it
      | limits      | fetch     | asked            | got                       |
      | nothing     | fetch not | somebody/else    | model_not_found           |
      | nothing     | fetch     | somebody/else    | HF:somebody/else, fetched |
      | HF:author/* | fetch     | author/new       | HF:author/new, fetched    |
      | HF:author/* | fetch     | somebody/else    | model_not_found           |
      | HF:author/* | fetch     | authors/new      | model_not_found           |

  @fault.queen.never-spent
  Scenario Outline: A key that may have <requests> requests and <tokens> tokens a day, after <used>
    When a key that may have <requests> requests and <tokens> tokens a day has had "<used>"
    Then its program reads "<told>"

    Examples:
      | requests | tokens | used                    | told                                                   |
      | any      | any    | 900 requests, 90000 tokens | nothing                                             |
      | 3        | any    | 2 requests, 90000 tokens | nothing                                               |
      | 3        | any    | 3 requests, 0 tokens    | the key guest has used its 3 requests of today (3)      |
      | any      | 500    | 2 requests, 499 tokens  | nothing                                                |
      | any      | 500    | 2 requests, 510 tokens  | the key guest has used its 500 tokens of today (510)    |

  Scenario: Errors reach it in words that tell nothing of the swarm
    When the holder of a key meets each of these errors
      | code             | message                                            | told |
      | invalid_request  | temperature is above 5                             | temperature is above 5 |
      | invalid_request  | the template of /data/models/a.gguf knows no tools | the template of (a file) knows no tools |
      | not_found        | no route for POST /chat/completion/x | no route for POST (a file) |
      | method_not_allowed | /chat/completions is not asked with GET | /chat/completions is not asked with GET |
      | method_not_allowed | /api/blobs/sha256:0 is not asked with GET | /api/blobs/sha256:0 is not asked with GET |
      | worker_crashed   | worker-7 on attic ended: /var/log/attic says no    | what wrote the answer has ended; try: ask again |
      | hive_unreachable | hive attic does not answer                         | the swarm cannot answer this now; try: ask whoever runs it |
      | home_unusable    | cannot use the database /home/maria/.rbee/queen.db | the swarm cannot answer this now; try: ask whoever runs it |
      | internal         | internal: KeyError: /home/maria                    | the swarm cannot answer this now; try: ask whoever runs it |
      | model_invalid    | diary.gguf is no GGUF file                         | this model cannot be used; try: ask for another one |
      | queue_full       | 12 jobs wait for HF:author/minillama already       | too many requests wait for this model already; try: try again in a moment |
    Then its program reads what each row tells

  Scenario: Of what is narrated it hears how far its own work is
    When the holder of a key waits while each of these is narrated
      | actor | action         | human                                                        | told |
      | hive  | model.size     | model size = 1.0 MB; starting download                       | hive: model size = 1.0 MB; starting download |
      | hive  | worker.wake    | waking worker on :8601 with model=/data/one.gguf, device=cpu | hive: the model is being loaded |
      | queen | schedule.place | number 2 in the queue for file:/data/x.gguf; about 4 seconds | queen: number 2 in the queue for author/minillama; about 4 seconds |
      | queen | schedule.warm  | worker worker-7 on hive attic already has it loaded          | nothing |
      | queen | hive.skipped   | going on without hive attic: ssh says no                     | nothing |
    Then its program reads what each row tells

  Scenario: Whoever guesses keys costs the database nothing
    When a stranger guesses 500 keys one after the other
    Then the database was read 1 time
