Feature: How much context a request has
  The slots of a worker share one context, of which each may have what the others leave. Who needs
  more than that gets another worker, as far as the model was made for it.

  @fault.worker.promise-cells-twice
  Scenario Outline: What is promised to one is not there for others: <what>
    When requests share a context of 4000, and <happens>
    Then request <request> <stands>

    Examples:
      | what                              | happens                                                        | request | stands     |
      | one may have all of it            | 1 takes 4000                                                   | 1       | holds 4000 |
      | several have it side by side      | 1 takes 1000; 2 takes 3000                                     | 2       | holds 3000 |
      | who finds too little waits        | 1 takes 1000; 2 takes 3001                                     | 2       | waits      |
      | until enough is left              | 1 takes 1000; 2 takes 3001; 1 ends                             | 2       | holds 3001 |
      | a small one overtakes no large    | 1 takes 1000; 2 takes 3001; 3 takes 10                         | 3       | waits      |
      | a large one that is given up lets others by | 1 takes 1000; 2 takes 3001; 3 takes 10; 2 is cancelled | 3      | holds 10   |
      | an answer takes more as it goes on | 1 takes 1000; 1 fills 900 of 4000                             | 1       | holds 1512 |
      | no more than it may fill          | 1 takes 1000; 1 fills 900 of 1100                              | 1       | holds 1100 |
      | not what others hold              | 1 takes 1000; 2 takes 3000; 1 fills 900 of 4000                | 1       | holds 1000 |
      | and stops before it would         | 1 takes 1000; 2 takes 3000; 1 fills 970 of 4000                | 1       | is cut     |
      | what it took is there once it ends | 1 takes 1000; 1 fills 900 of 4000; 1 ends; 2 takes 4000       | 2       | holds 4000 |

  Scenario Outline: A prompt of <tokens> tokens with <to come> to come
    When a prompt of <tokens> tokens with <to come> to come may fill 4000, its slot 1000
    Then it holds <held>

    Examples:
      | tokens | to come | held             |
      | 100    | 50      | 150              |
      | 100    | 2000    | 2100             |
      | 100    | 5000    | 4000, up to 4000 |
      | 100    | any     | 1000, up to 4000 |
      | 700    | any     | 1000, up to 4000 |
      | 1000   | any     | 1250, up to 4000 |
      | 3900   | any     | 4000, up to 4000 |

  @fault.queen.grow-beyond-the-model
  Scenario Outline: What a worker with 4,096 tokens refuses: <what>
    When one with 4096 tokens of a model made for <trained> refuses <tokens> with <to come> to come and <named> named
    Then that job <becomes>

    Examples:
      | what                                       | trained | tokens | to come | named   | becomes               |
      | a longer prompt gets room for an answer    | 32768   | 5000   | any     | nothing | wants 8192            |
      | or for the one that it wants               | 32768   | 5000   | 4000    | nothing | wants 16384           |
      | no more than the model was made for        | 8192    | 5000   | 4000    | nothing | wants 8192            |
      | none that the model was not made for       | 8192    | 9000   | any     | nothing | is refused            |
      | a model of which that is not known         | 0       | 5000   | any     | nothing | is refused            |
      | who has named a context has that           | 32768   | 5000   | any     | 4096    | is refused            |
      | a long answer to a short prompt            | 32768   | 100    | 6000    | nothing | wants 8192, or stays  |

  @fault.queen.any-context
  Scenario Outline: Of several workers a job gets one that it fits, as far as its bytes tell: <what>
    When a job of <bytes> bytes with <to come> to come finds workers with <contexts> and <taken> taken
    Then the job gets <worker>

    Examples:
      | what                             | bytes | to come | contexts    | taken  | worker |
      | a long one the larger            | 40000 | any     | 4096, 16384 | none   | B      |
      | one with a long answer, too      | 100   | 8000    | 4096, 16384 | none   | B      |
      | the nearest where none is enough | 90000 | any     | 4096, 16384 | none   | B      |
      | the smaller where that is free   | 40000 | any     | 4096, 16384 | B      | A      |
