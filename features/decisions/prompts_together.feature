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

  Scenario Outline: Nobody waits for prompts that <do>
    When an engine with <slots> slots is given prompts that <do>, and then one more
    Then that is let in

    Examples:
      | slots | do                       |
      | 2     | are refused              |
      | 2     | hang                     |
      | 4     | hang                     |
      | 2     | hang beside one that runs |
      | 4     | hang beside one that runs |

  Scenario: Who is called off does not wait, either
    When an engine with 2 slots is given prompts that hang beside one that runs, and one that is called off
    Then that is let in
