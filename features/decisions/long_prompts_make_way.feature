Feature: A long prompt makes way for a short one
  An engine fills its batches with one prompt until that is read, and by the order of its slots: who
  comes with one word may wait for thousands of somebody else's. So a long prompt stops between two
  batches for one that is much shorter, and goes on where it was. A batch has 512 tokens here.

  @fault.worker.read-on-in-any-case @fault.worker.make-way-for-ever
  Scenario Outline: <what>
    When of a prompt of <total> tokens <left> are unread, <passed> have passed it, and one of <unread> comes
    Then it makes way: <makes way>

    Examples:
      | what                                          | total | left | passed | unread | makes way |
      | Much is left, and a word comes                | 3000  | 2500 | 0      | 30     | yes       |
      | One comes that is half as long                | 3000  | 2500 | 0      | 1250   | yes       |
      | One comes that is nearly as long              | 3000  | 2500 | 0      | 1251   | no        |
      | The rest is read with the other in a batch    | 3000  | 512  | 0      | 30     | no        |
      | Others have had as much as it has itself      | 3000  | 2500 | 2990   | 30     | no        |
      | A word takes longer than its tokens           | 3000  | 2500 | 2873   | 1      | no        |

  Scenario Outline: Prompts of <tokens> tokens that come one behind the other
    When an engine is given prompts of "<tokens>" tokens, one with each batch that it reads
    Then they are read in the order "<order>"

    Examples:
      | tokens              | order   | # because                                        |
      | 3000 30             | 2 1     | a word does not wait for a book                  |
      | 3000 3000 30        | 3 1 2   | nor for two                                      |
      | 3000 1200 30        | 3 2 1   | the shorter, the sooner                          |
      | 400 400 400         | 1 2 3   | of short ones nobody makes way                   |
      | 3000 2900           | 1 2     | of long ones neither                             |

  @fault.worker.make-way-for-ever @fault.worker.words-for-nothing
  Scenario Outline: Short prompts that keep coming: <count> of <tokens> tokens with each batch
    They have as much as it has itself, and what is free in its last batch. However few tokens of
    one are unread, it counts as a quarter of a batch.
    When an engine reads a prompt of 6000 tokens while <count> of <tokens> come with each batch
    Then it has read at most <most> tokens of others before that is read

    Examples:
      | count | tokens | most |
      | 2     | 250    | 6512 |
      | 10    | 1      | 190  |

  Scenario: A prompt that is longer than it looked
    When an engine reads a prompt of 3000 tokens, and one of 2800 comes that looks like one of 30
    Then they are read in the order "1 2"

  Scenario Outline: A prompt <what> is not stopped
    When an engine reads a prompt of 3000 tokens <what>, and one of 30 comes
    Then they are read in the order "1 2"

    Examples:
      | what                                 |
      | that it could not go on with         |
      | of which it has lost what it had read |

  Scenario: Whoever is called off does not wait
    When an engine reads a prompt of 3000 tokens, and one of 2900 that stands behind it is called off
    Then that waits no more

  @fault.worker.wait-for-who-is-given-up
  Scenario: Nobody waits for one that is given up, though the engine still has it
    When an engine reads a prompt of 3000 tokens that is given up, and one of 2900 stands behind it
    Then that waits no more

  Rule: Those who write get on beside a long prompt

    @fault.worker.read-without-a-rest @fault.worker.rest-for-ever
    Scenario Outline: Beside an answer: <what>
      A long prompt stops behind each batch for half of the time that this took, as long as anybody
      writes: alone it takes 15 seconds where 200 tokens of it are read a second.
      When a prompt of 3000 tokens is read at <speed> a second beside an answer of <tokens> at 25
      Then the answer takes at most <answer> seconds, and the prompt at most <prompt>
      And the prompt stops at most <stops> times

      Examples:
        | what                                  | speed | tokens | answer | prompt | stops |
        | A word is said at once                | 200   | 8      | 3      | 15.5   | 1     |
        | A few sentences                       | 200   | 64     | 8      | 17.5   | 2     |
        | Somebody writes all the time          | 200   | 2000   | 93     | 19     | 3     |
        | Nobody writes                         | 200   | 0      | 0      | 15     | 0     |
        | An engine that nobody has to wait for | 5000  | 2000   | 81     | 0.6    | 1     |

    @fault.worker.rest-for-nobody
    Scenario: Nobody rests for an answer that was given up
      When a prompt of 3000 tokens is read at 200 a second beside an answer that is given up
      Then the prompt stops at most 0 times

  Rule: What a slot has read is used again

    Scenario: What was called off before any of it was read displaces nothing
      When a slot has read "talk+40", and "other" is called off before it is read there
      Then it still has what it had read

    @fault.worker.forget-the-cache
    Scenario: An engine with a cache beside its slots finds there what any of them has read
      It chooses slots by itself, and what is read in them next displaces nothing.
      When an engine with one slot and a cache has read "talk+40", then "other", and "talk+45" comes
      Then at most 20 tokens of that are unread

    @fault.worker.pictures-are-names
    Scenario: A picture is no short prompt
      When a question about a picture comes, whose file has 90 bytes
      Then more than 512 tokens of it are unread

    @fault.worker.first-slot-free
    Scenario Outline: In a slot: <what>
      When the slots of an engine have read "<read>" so many prompts ago, and one begins that is "<prompt>"
      Then it is read in slot <slot>

      Examples:
        | what                                               | read                              | prompt            | slot |
        | A conversation goes on where it was                | other:0 talk+40:3 -               | talk+45           | 2    |
        | What is new goes where nothing is                  | talk+40:0 -                       | other             | 2    |
        | Else where it is the least loss                    | talk+40:1 other:0                 | more              | 2    |
        | Of equals to the one that was not used for longest | talk+40:1 other+40:4              | more              | 2    |
        | A word displaces no conversation that begins alike | talk+40:0 -                       | talk              | 2    |
        | What nobody has come back to for long is displaced | talk+40:200 other:0               | more              | 1    |
