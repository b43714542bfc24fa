Feature: A small model that writes ahead of another
  A name may bring a draft: a smaller model of the same vocabulary. It is fetched, counted and loaded with
  the model, and used where that is faster on this very machine; the answer is the model's own.

  @fault.worker.draft-in-any-case
  Scenario: A draft that gains nothing is left out, as ps tells, and that is measured once
    Given a hub that holds "author/minillama"
    And a swarm that was left warm by "rbee-keeper up"
    And I have typed "rbee-keeper name bee minillama --draft author/minillama:q4_0 temperature=0 max_tokens=3"
    And I have typed "rbee-keeper infer --model bee 'hello'"
    When I type each of these commands
      | command                                                     | status | says                                                            |
      | rbee-keeper ps                                              | 0      | minillama (without draft HF:author/minillama:Q4_0, 0.           |
      | rbee-keeper stop worker-                                    | 0      | has stopped                                                     |
      | test "$(rbee-keeper infer --model bee 'hello')" = ' Hello'  | 0      | left the draft HF:author/minillama:Q4_0 out: it gained nothing when that was measured |
    Then each of them says what its row tells, and ends with its status

  @fault.worker.measure-known-gains
  Scenario: A draft that is known to have gained writes ahead, and the answer is the model's own
    Given a hub that holds "author/minillama"
    And I have typed "rbee-keeper name bee minillama --draft author/minillama:q4_0 temperature=0 max_tokens=3"
    And I have typed "rbee-keeper infer --model bee 'hello'"
    And it is remembered that this draft was twice as fast
    When I type "rbee-keeper infer --model bee 'hello'"
    Then stdout holds " Hello" alone
    And stderr contains "HF:author/minillama:Q4_0 writes ahead: 2.00 times as fast as without"

  @only-asks
  @fault.hive.draft-of-any-vocabulary
  Scenario: A draft that does not fit costs nothing but itself
    Given a hub that holds "author/minillama"
    And a swarm that was left warm by "rbee-keeper up"
    And I have typed "rbee-keeper name brown minillama draft=author/caller-llama temperature=0 max_tokens=3"
    And I have typed "rbee-keeper name none minillama draft=author/nowhere temperature=0 max_tokens=3"
    And I have typed "rbee-keeper name bert minillama draft=author/minibert temperature=0 max_tokens=3"
    When I type each of these commands
      | its draft is      | command                                             | status | says                                                                              |
      | of another family | test "$(rbee-keeper infer --model brown 'hello')" = ' Hello' && rbee-keeper stop worker- | 0 | left the draft HF:author/caller-llama out: its vocabulary is another one |
      | nowhere           | test "$(rbee-keeper infer --model none 'hello')" = ' Hello' && rbee-keeper stop worker- | 0 | left the draft HF:author/nowhere out: 127.0.0.1:                         |
      | made for vectors  | test "$(rbee-keeper infer --model bert 'hello')" = ' Hello' && rbee-keeper stop worker- | 0 | left the draft HF:author/minibert out: it takes two models that write    |
    Then each of them says what its row tells, and ends with its status
