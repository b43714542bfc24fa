Feature: Prompts that come together are begun a few at a time
  An engine reads together all prompts that it has, and nobody has a first token before all of them
  are read. So at most half as many as there are slots lie with it before it has begun to read them:
  of four that come at once some have a first token before all are read.

  @fault.worker.begin-all-together
  Scenario Outline: <what>
    When an engine with <slots> slots is given <prompts> prompts at once
    Then "<together>" of them begin together

    Examples:
      | what                      | slots | prompts | together |
      | Alone, at once            | 4     | 1       | 1        |
      | Two of four               | 4     | 4       | 2 2      |
      | One behind the other      | 1     | 3       | 1 1 1    |
      | Some of many              | 32    | 40      | 16 16 8  |

  Scenario: A prompt that is refused makes way
    When an engine with 2 slots refuses the first of 2 prompts
    Then the second begins
