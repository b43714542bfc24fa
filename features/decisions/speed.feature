@phase-5
Feature: Speed decides between neighbours that both have room
  A model that no GPU has room for has several places: GPUs of a machine, its GPUs and its RAM, several
  machines, a processor. The first of each kind that has room is compared. For a token each device
  reads its part of the weights once; between machines there is a round trip for each part, and what
  lies on another machine than the head's passes the network before the first token, which is spread
  over a thousand. A GPU is reckoned with 60 % of what its driver says, and a place has to be a tenth
  faster than those before.

  Numbers after a device are GB that it reads per second, those of a place GB of the model on each of
  its devices, in their order.

  Scenario Outline: About <speed> tokens per second: <what>
    Given machines on paper "<machines>"
    When a model lies on "<place>" with "<gb>" GB
    Then about <speed> tokens per second are expected

    Examples:
      | what                               | machines                                         | place                 | gb     | speed |
      | one card                           | attic: gpu0 1000                                 | gpu0@attic            | 6      | 100   |
      | two cards, one after the other     | attic: gpu0 1000, gpu1 500                       | gpu0+gpu1@attic       | 6, 3   | 50    |
      | a card of unknown speed            | attic: gpu0 0                                    | gpu0@attic            | 6      | 40    |
      | a processor                        | attic: cpu 50                                    | cpu@attic             | 10     | 5     |
      | one of which nothing is known yet  | attic: cpu 0                                     | cpu@attic             | 10     | 2     |
      | one with too few cores for its RAM | attic: cpu 50 4 cores                            | cpu@attic             | 10     | 2.4   |
      | 95 % on a card, the rest in RAM    | attic: gpu0 1000, cpu 50                         | gpu0+cpu@attic        | 38, 2  | 9.7   |
      | two machines, 0.2 ms apart         | attic: gpu0 1000; blep in 0.2 ms: gpu0 1000      | gpu0+gpu0@blep@attic  | 3, 3   | 98    |
      | two machines, 5 ms apart           | attic: gpu0 1000; blep in 5 ms: gpu0 1000        | gpu0+gpu0@blep@attic  | 3, 3   | 67    |
      | a network that nobody has measured | attic: gpu0 1000; blep: gpu0 1000                | gpu0+gpu0@blep@attic  | 3, 3   | 91    |
      | the head far away, too             | attic in 5 ms: gpu0 1000; blep in 5 ms: gpu0 1000 | gpu0+gpu0@blep@attic | 3, 3   | 50    |
      | a GPU with the processor's memory  | attic: igpu0 0, cpu 50                           | igpu0@attic           | 5      | 10    |
      | and RAM that nobody has measured   | attic: igpu0 0, cpu 0                            | igpu0@attic           | 5      | 4     |

  Scenario Outline: <seconds> seconds of loading: <what>
    Given machines on paper "<machines>"
    When a model lies on "<place>" with "<gb>" GB
    Then <seconds> seconds of loading are expected

    Examples:
      | what                                | machines                                                       | place                | gb     | seconds |
      | nothing passes the network          | attic: gpu0 1000, cpu 50                                       | gpu0+cpu@attic       | 38, 2  | 0       |
      | a network that nobody has measured  | attic: gpu0 1000; blep: gpu0 1000                              | gpu0+gpu0@blep@attic | 10, 5  | 40      |
      | a slow one                          | attic: gpu0 1000; blep in 3 ms at 10 MB/s: gpu0 1000           | gpu0+gpu0@blep@attic | 10, 5  | 500     |
      | a head that is farther away         | attic in 3 ms at 10 MB/s: gpu0 1000; blep at 100 MB/s: gpu0 1000 | gpu0+gpu0@blep@attic | 10, 5 | 500     |
      | only the head is far away           | blep: gpu0 1000; attic in 3 ms at 10 MB/s: gpu0 1000           | gpu0+gpu0@blep@attic | 10, 5  | 500     |

  @fault.queen.slow-and-steady
  Scenario Outline: <what>
    Given machines on paper "<machines>"
    And the model may be spread over a "<spread>"
    When a model has room as "<rooms>"
    Then it is started on "<taken>"
    And "<asked>" was asked for comparison

    Examples: A card and RAM, or several machines
      | what                                     | spread | machines | rooms | taken | asked |
      | A card with 95 % beats a slow network    | swarm  | attic: gpu0 1000, cpu 50; blep in 60 ms: gpu0 1000, cpu 50 | gpu0+cpu@attic: 38, 2; gpu0+gpu0@blep@attic: 20, 20 | gpu0+cpu@attic | nobody |
      | And a slow card                          | swarm  | attic: gpu0 1000, cpu 50; blep in 20 ms: gpu0 300, cpu 50 | gpu0+cpu@attic: 38, 2; gpu0+gpu0@blep@attic: 20, 20 | gpu0+cpu@attic | gpu0+gpu0@blep@attic |
      | A card with half of it does not          | swarm  | attic: gpu0 1000, cpu 50; blep in 60 ms: gpu0 1000, cpu 50 | gpu0+cpu@attic: 20, 20; gpu0+gpu0@blep@attic: 20, 20 | gpu0+gpu0@blep@attic | gpu0+gpu0@blep@attic |
      | Where others have no room either it does | swarm  | attic: gpu0 1000, cpu 50; blep in 60 ms: gpu0 1000, cpu 50 | gpu0+cpu@attic: 20, 20 | gpu0+cpu@attic | gpu0+gpu0@blep@attic, gpu0+cpu+gpu0@blep+cpu@blep@attic |

    @fault.queen.load-for-nothing
    Examples: What has to pass the network before
      | what                                     | spread | machines | rooms | taken | asked |
      | It takes minutes, and a token is saved   | swarm  | attic: gpu0 1000, cpu 50; blep in 0.3 ms at 120 MB/s: gpu0 1000, cpu 50 | gpu0+cpu@attic: 23, 1; gpu0+gpu0@blep@attic: 12, 12 | gpu0+cpu@attic | gpu0+gpu0@blep@attic |
      | It takes minutes, and saves far more     | swarm  | attic: gpu0 1000, cpu 50; blep in 0.3 ms at 120 MB/s: gpu0 1000, cpu 50 | gpu0+cpu@attic: 20, 20; gpu0+gpu0@blep@attic: 20, 20 | gpu0+gpu0@blep@attic | gpu0+gpu0@blep@attic |
      | It takes half an hour                    | swarm  | attic: gpu0 1000, cpu 50; blep in 3 ms at 12 MB/s: gpu0 1000, cpu 50 | gpu0+cpu@attic: 20, 20; gpu0+gpu0@blep@attic: 20, 20 | gpu0+cpu@attic | gpu0+gpu0@blep@attic |
      | A processor answers at once              | swarm  | attic: gpu0 1000, cpu 50; blep in 3 ms at 12 MB/s: gpu0 1000, cpu 50 | gpu0+gpu0@blep@attic: 20, 20; cpu@attic: 40 | cpu@attic | cpu@attic |
      | Where nothing else has room it is loaded | swarm  | attic: gpu0 1000, cpu 50; blep in 3 ms at 12 MB/s: gpu0 1000, cpu 50 | gpu0+gpu0@blep@attic: 20, 20 | gpu0+gpu0@blep@attic | cpu@attic, cpu@blep |

    Examples: A processor with enough RAM
      | what                                     | spread | machines | rooms | taken | asked |
      | It is not preferred to two cards         | swarm  | attic: gpu0 500, gpu1 500, cpu 90 | gpu0+gpu1@attic: 20, 20; cpu@attic: 40 | gpu0+gpu1@attic | nobody |
      | It is preferred to a very slow network   | swarm  | attic: gpu0 500, cpu 90; blep in 900 ms: gpu0 500, cpu 90 | gpu0+gpu0@blep@attic: 20, 20; cpu@attic: 40 | cpu@attic | cpu@attic |
      | To a card that has room alone it is not  | swarm  | attic: gpu0 100, cpu 90; blep: gpu0 100, cpu 90 | gpu0@attic: 40; cpu@blep: 40 | gpu0@attic | nobody |
      | Nor are two that are as fast as one      | swarm  | attic: cpu 50; blep: cpu 50 | cpu@attic: 40; cpu+cpu@blep@attic: 20, 20 | cpu@attic | nobody |

    Examples: Cards of one machine, or of another with its RAM
      | what                                     | spread  | machines | rooms | taken | asked |
      | Slow cards go behind a fast one and RAM  | machine | attic: gpu0 150, gpu1 150; blep: gpu0 3000, cpu 90 | gpu0+gpu1@attic: 20, 20; gpu0+cpu@blep: 38, 2 | gpu0+cpu@blep | gpu0+cpu@blep |
      | What is a tenth faster is not taken      | machine | attic: gpu0 500, gpu1 500; blep: gpu0 1000, cpu 90 | gpu0+gpu1@attic: 20, 20; gpu0+cpu@blep: 33, 7 | gpu0+gpu1@attic | gpu0+cpu@blep |

  Scenario Outline: A token reads <read> MB of <what>
    When each of 4 layers of 10 MB has <experts> MB of experts, <used> of 8 in use
    Then a token reads <read> MB of it on a GPU

    Examples:
      | what                          | experts | used | read |
      | a model without experts       | 0       | 0    | 40   |
      | one that uses a part of them  | 8       | 2    | 16   |
