Feature: What the form of an answer may cost
  Whoever asks for an answer in a form (a JSON schema) shares the worker with others. A form of a few
  kilobytes can stand for more ways of going on than any computer looks through. All of them are
  counted while the form is read, and what is too much is refused by name, before anything is built.

  @fault.worker.any-schema
  Scenario Outline: An answer in the form of <form> is refused
    When an answer is to have the form of <form>
    Then that is refused at once at "<where>", for "<too much>"

    Examples:
      | form                                         | where         | too much                                 |
      | a type that is called as a keyword           | $.type        | type 'const'                             |
      | ten-fold type lists 30 deep                  | $.type        | a `type` twice                           |
      | a hundred pairs of objects, one of each pair | $.allOf       | more than 10000 parts                    |
      | 50 objects of which one alone fits           | $.oneOf       | more than 10000 parts                    |
      | what depends on each of 20 names             | $             | more than 10000 parts                    |
      | 20,000 values                                | $             | more than 1000 values                    |
      | 500 values that begin differently            | $             | more than 128 ways                       |
      | 4,000 bounded strings                        | $             | more than 2000 properties                |
      | 900 strings of up to 500                     | $.properties. | more than 20000 repetitions              |
      | 200 properties that may be left out          | $             | more than 128 ways                       |
      | 2,000 properties of which half may be there  | $             | more than 10000 rules                    |
      | a list of up to a million                    | $             | more than 20000 repetitions              |
      | a list of 1,500 with so many numbers         | $.contains    | more than 10000 rules                    |
      | another list than one of 3,000               | $.not         | more than 10000 parts                    |
      | a pattern of a million letters               | $             | more than 60000 steps                    |
      | a pattern whose automaton is exponential     | $             | more than 60000 steps                    |
      | a pattern that repeats what repeats          | $             | more than 60000 steps                    |
      | a multiple of a large number                 | $             | more than 60000 steps                    |
      | objects 40 deep                              | $.properties. | more than 32 values nested               |
      | a name of a million letters                  | $             | bytes of its grammar                     |
      | 200 kinds of objects with a kind each        | $             | more than 128 ways                       |
      | a tree of two kinds that nothing tells apart | $             | more than 128 ways                       |
      | a name for itself                            | $             | to itself again                          |
      | names that lead to one another               | $.$defs.node  | to itself again                          |
      | an object that contains itself               | $             | contain themselves for ever              |
      | 3,000 names that lead to the next one        | $             | nests too deep                           |

  @fault.worker.flat-enum
  Scenario Outline: An answer in the form of <form> is taken
    When an answer is to have the form of <form>
    Then that is taken at once

    Examples:
      | form                                           |
      | seven-fold type lists 15 deep                  |
      | alternatives in pairs 30 deep                  |
      | 1,000 values                                   |
      | 900 strings of up to 20                        |
      | 100 properties that may be left out            |
      | a list of lists of lists of up to 100          |
      | 100 kinds of objects with a kind each          |
      | a tree of two kinds that begin with their kind |
      | a list that ends with null                     |
      | three links of up to 2,083 characters          |
      | a password of four kinds of characters         |
      | a text of up to 2,100 letters                  |

  Scenario: Values that begin alike share the beginning, and stay what they are
    When an answer is to be one of many values, some of which begin alike
    Then these values and no others are let through

  Rule: Of a function that may be called, an engine makes a form itself, and takes each value for a way

    Scenario: As many values as a form of ours has room for are too many for it
      When a model may call a function whose arguments are 1,000 values
      Then that is refused at once at "$", for "more than 128 ways"

    Scenario: Arguments as they usually are cost little
      When a model may call a function whose arguments are 100 properties that may be left out
      Then that is taken at once
