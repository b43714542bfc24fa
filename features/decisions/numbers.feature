Feature: Numbers that a person meets and nobody sets
  Those that can be set are in the feature of the settings.

  Scenario Outline: What may be asked: <name> of <who>
    When <who> is told "<name>" with each of "<least>, <most>, <below>, <above>"
    Then the first two are taken, and no other

    Examples:
      | who               | name              | least     | most       | below     | above      |
      | a command         | --max-tokens      | 1         | 1000000    | 0         | 1000001    |
      | a command         | --temperature     | 0         | 5          | -0.1      | 5.1        |
      | a command         | --top-p           | 0.01      | 1          | 0         | 1.1        |
      | a command         | --top-k           | 0         | 1000000    | -1        | 0.5        |
      | a command         | --seed            | 0         | 4294967295 | -1        | 4294967296 |
      | a command         | --ctx             | 32        | 1000000    | 31        | -1         |
      | a command         | --deadline        | 0.1       | 1000000    | 0         | -1         |
      | a job             | max_tokens        | 1         | 1000000    | 0         | 1000001    |
      | a job             | temperature       | 0         | 5          | -0.1      | 5.1        |
      | a job             | top_p             | 0.01      | 1          | 0         | 1.1        |
      | a job             | top_k             | 0         | 1000000    | -1        | 0.5        |
      | a job             | seed              | 0         | 4294967295 | -1        | 4294967296 |
      | a job             | presence_penalty  | -2        | 2          | -2.1      | 2.1        |
      | a job             | frequency_penalty | -2        | 2          | -2.1      | 2.1        |
      | a job             | logprobs          | 0         | 20         | -1        | 21         |
      | a job             | ctx               | 32        | 1000000    | 31        | -1         |
      | a job             | deadline_s        | 0.1       | 1000000    | 0         | -1         |
      | a job of vectors  | inputs            | 1 text    | 2048 texts | 0 texts   | 2049 texts |
      | a chat of OpenAI  | max_tokens        | 1         | 4294967296 | 0         | 1.5        |
      | a chat of OpenAI  | temperature       | 0         | 5          | -0.1      | 5.1        |
      | a chat of OpenAI  | top_p             | 0         | 1          | -0.1      | 1.1        |
      | a chat of OpenAI  | top_k             | -1        | 1000000    | -2        | 0.5        |
      | a chat of OpenAI  | min_p             | 0         | 1          | -0.1      | 1.1        |
      | a chat of OpenAI  | repeat_penalty    | 0.1       | 10         | 0         | 10.1       |
      | a chat of OpenAI  | repeat_last_n     | -1        | 65536      | -2        | 65537      |
      | a chat of OpenAI  | n                 | 1         | 16         | 0         | 17         |
      | a chat of OpenAI  | top_logprobs      | 0         | 20         | -1        | 21         |
      | a chat of OpenAI  | presence_penalty  | -2        | 2          | -2.1      | 2.1        |
      | a chat of OpenAI  | frequency_penalty | -2        | 2          | -2.1      | 2.1        |
      | a text of OpenAI  | prompt            | 1 text    | 64 texts   | 0 texts   | 65 texts   |
      | a text of OpenAI  | logprobs          | 0         | 20         | -1        | 21         |

  Scenario Outline: The context of <model>
    Given <model>
    When a worker is started of which nobody has said a context
    Then its context is <context> tokens

    Examples:
      | model                                                | context |
      | a model that was trained with 512 tokens             | 512     |
      | a model that was trained with 131072 tokens          | 8192    |
      | a model that does not say what it was trained with   | 8192    |
      | an encoder that was trained with 512 tokens          | 512     |
      | an encoder that was trained with 8192 tokens         | 2048    |
      | an encoder that does not say what it was trained with | 2048    |

  Scenario: A worker that dies again and again
    When a worker dies again and again
    Then it is started again after these seconds, and then no more
      | after |
      | 1     |
      | 2     |
      | 4     |

  Scenario: A hub that is in trouble is asked again, ever more slowly
    When a hub answers again and again that it is in trouble
    Then it is asked again after these seconds, and then no more
      | after |
      | 0.5   |
      | 1     |

  @timing
  Scenario Outline: A hub that asks for a pause of <pause> seconds
    When a hub asks for a pause of <pause> seconds
    Then it is asked <times> times more

    Examples:
      | pause | times |
      | 30    | 2     |
      | 31    | 0     |

  Scenario Outline: What models take together: <models>
    When models of <sizes> bytes are listed
    Then it is told that they are <told>

    Examples:
      | models                       | sizes                    | told                    |
      | two                          | 1000000 2000000          | 2 models, 3.0 MB in all |
      | two, and a name more for one | 1000000 2000000 =2000000 | 2 models, 3.0 MB in all |
      | one with two names           | 1000000 =1000000         | nothing                 |

  Scenario Outline: The table of jobs, of which <running> run and <over> are over
    When the jobs are listed, of which <running> run and <over> are over
    Then the table has <rows> jobs

    Examples:
      | running | over | rows |
      | 0       | 9    | 9    |
      | 0       | 12   | 10   |
      | 3       | 12   | 10   |
      | 12      | 5    | 12   |

  Scenario: What else somebody meets who waits, writes or makes room
    When the numbers that nobody can set are looked up
    Then they are these, each where it belongs
      | number                                                        | is   |
      | seconds until a queue that was full may be asked again        | 5    |
      | seconds until a queen who leaves may be asked again           | 2    |
      | seconds that an installation on another machine may take      | 1800 |
      | MB of its disk that an installation needs                     | 400  |
      | MB that one needs whose packages are sent                     | 500  |
      | GB of a disk below which it is short of room for a model      | 2    |
      | MB of a disk below which it has no room                       | 50   |
      | MiB of weights up to which one thread is enough               | 16   |
      | MiB of a device that are never a model's                      | 457  |
      | times as fast with a draft that it is used                    | 1.05 |
      | tokens of a prompt beyond which its reading is told           | 512  |
      | tokens that an engine works through at once                   | 512  |
      | tokens that it does on a CPU                                  | 256  |
      | seconds of a batch behind which a long prompt rests           | 0.25 |
      | share of them for which it rests                              | 0.5  |
      | tokens that a picture counts as                               | 576  |
      | seconds between two lines about a long prompt or answer       | 10   |
      | characters of a line of narration                             | 100  |
      | names that an error lists                                     | 8    |
      | characters of an error                                        | 4000 |
      | characters of the name of a machine                           | 64   |
      | times that a passphrase is asked for                          | 3    |
      | entries that a chat remembers                                 | 1000 |
      | seconds that a hub in trouble is waited for                   | 120  |
      | seconds between two lines about a download                    | 2    |
      | downloads from one host at once                               | 8    |
      | seconds after which a worker counts as sound                  | 30   |
      | workers that a job may lose                                   | 4    |
      | machines that a model may lie on                              | 17   |
