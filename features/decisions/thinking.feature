Feature: What a model says to itself is told from what it answers
  Many models think before they answer, between marks. The thought is no part of the answer.

  Rule: In what comes piece by piece, the marks are found wherever they are cut

    Scenario Outline: <case>
      When a model says "<pieces>" in pieces cut at "|"
      Then its thought is "<thought>"
      And its answer is "<answer>"

      Examples:
        | case                                  | pieces                                | thought   | answer             |
        | an answer without a thought           | The sky\| is blue.                    |           | The sky is blue.   |
        | a thought that the model opens        | <think>easy\|</think>blue             | easy      | blue               |
        | marks that are cut                    | \|<thi\|nk>ea\|sy</th\|ink>bl\|ue     | easy      | blue               |
        | the line breaks between both          | <think>easy</think>~\|~\|blue         | easy      | blue               |
        | a mark that is none                   | <this\| is <b>blue</b>                |           | <this is <b>blue</b> |
        | a thought that never ends             | <think>hm\|m </thi                    | hmm </thi |                    |
        | marks of another family               | <thinking>easy</think\|ing>blue       | easy      | blue               |
        | a second pair of marks                | <think>a</think>b <think>c</think>    | a         | b <think>c</think> |
        | a thought about what an answer is     | <think>a <\|b </\|i></think>c         | a <b </i> | c                  |

    Scenario Outline: A thought that the model's template has opened already, by "<open>"
      When a model whose template opens "<open>" says "<pieces>" in pieces cut at "|"
      Then its thought is "easy"
      And its answer is "blue"

      Examples:
        | open         | pieces                    |
        | <think>      | easy</thi\|nk>blue        |
        | ◁think▷      | easy◁/th\|ink▷blue        |
        | <scratchpad> | easy</scrat\|chpad>~~blue |
        | [REASONING]  | easy[/REASON\|ING]blue    |

    Scenario Outline: What closes a thought that a template opens by "<open>"
      When the engine is given a template that opens "<open>" and knows nothing else
      Then a thought is closed by "<close>"

      Examples:
        | open                   | close                |
        | <\|START_THINKING\|>   | <\|END_THINKING\|>   |
        | <\|begin_of_thought\|> | <\|end_of_thought\|> |
        | <\|inner_prefix\|>     | <\|inner_suffix\|>   |
        | <\|think_start\|>      | <\|think_end\|>      |
        | <\|thinking\|>         | <\|/thinking\|>      |
        | <THINK>                | </THINK>             |
        | <analysis>             | </analysis>          |

  Rule: A template that knows too little of thoughts is taught the rest

    Scenario Outline: A template that opens "<open>"
      When the engine is given a template that opens "<open>" and <knows>
      Then it can be told not to think
      And it shows the engine what becomes of earlier thoughts

      Examples:
        | open       | knows                   |
        | <think>    | knows nothing else      |
        | <think>    | has a switch            |
        | <think>    | knows earlier thoughts  |
        | [THINK]    | knows nothing else      |
        | ◁think▷    | knows nothing else      |
        | <analysis> | has a switch            |
        | <think>    | has a switch of another name |

    Scenario Outline: <what> stays as it is
      When the engine is given <what>
      Then the template is as it was

      Examples:
        | what                                        |
        | a template that knows of no thoughts        |
        | a template with the channels of gpt-oss     |
        | a template that names an effort             |
        | a template that knows all about thoughts    |

    Scenario Outline: An earlier thought goes back to a template that <wants>
      When a conversation with the earlier thought "easy" meets a template that <wants>
      Then the template is told "<told>" of it

      Examples:
        | wants             | told |
        | wants thoughts    | easy |
        | wants none        |      |

  Rule: Who brings a chat template of his own is served by a worker that has it, and by no other

    Scenario Outline: A job with <asked> and a worker with <loaded>
      When a job with <asked> meets a worker with <loaded>
      Then the worker is <fit> for that job

      Examples:
        | asked                  | loaded                 | fit   |
        | the model's template   | the model's template   | right |
        | a template of its own  | the model's template   | wrong |
        | the model's template   | a template of its own  | wrong |
        | a template of its own  | a template of its own  | right |

  Rule: A form that is demanded holds for the answer, not for the thought

    Scenario Outline: An answer of a form: <case>
      When the answer has to be one of "yes, no", and the template <opening>
      Then the whole text "<text>" is <verdict>

      Examples:
        | case                           | opening             | text                      | verdict   |
        | a thought before the answer    | opens the thought   | well, maybe </thin </think>yes | allowed |
        | a mark that begins twice       | opens the thought   | so <</think>~~no          | allowed   |
        | a thought without an answer    | opens the thought   | yes                       | forbidden |
        | another answer                 | opens the thought   | well</think>perhaps       | forbidden |
        | a thought that the model opens | opens nothing       | <think>well</think>yes    | allowed   |
        | no thought                     | opens nothing       | no                        | allowed   |
        | words that are no thought      | opens nothing       | well, yes                 | forbidden |
