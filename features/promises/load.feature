Feature: Under load nothing is lost and nothing leaks
  Many programs call at the same time, by every API, streamed or not, and want vectors besides; a
  tenth of what they ask for they do not wait for: they hang up in the queue, before the first token,
  or in the middle. `make load` does this
  with 64 programs for a minute; this short load is always the same.

  @fault.queen.keep-slot
  Scenario: Who stays is answered, and all that is held is as before
    Given what happens is drawn from the seed "nettle"
    When 24 programs at once ask 3 times each, and some more than there are places
    Then each of them that stayed got its whole answer
    And who found no place was told when to come again
    And each job ended in exactly one way
    And every slot is free
    And queen, hive and worker hold as many files, connections, threads, tasks and objects as before

  Scenario: A seed always draws the same load
    Given what happens is drawn from the seed "nettle"
    When 2000 requests are drawn twice
    Then both are the same
    And a tenth of them is cut, at each of the moments
