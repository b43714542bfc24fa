Feature: Texts and the tokens that they are
  Where a text is told token by token, what is told adds up to the text; where one ends an answer, nothing
  of it is told.

  Scenario: What of a text each of its tokens stands for
    When texts are taken apart, a blank as _ and tokens apart by |
      | text      | tokens         | comes to       |
      | Once_upon | Once\|_upon    | Once\|_upon    |
      | Once_upon | _Once\|_upon   | Once\|_upon    |
      | a</s>_b   | _a\|</s>\|__b  | a\|</s>\|_b    |
      | Bee       | bee            | Bee            |
      | a_Bee     | a\|_bee        | a\|_Bee        |
      |           |                |                |
    Then it comes to what each row tells

  @fault.worker.stops-told
  Scenario: A text that ends an answer
    When answers come in pieces, to be ended by texts, both apart by |
      | pieces       | stops    | comes to        |
      | one\|two     |          | onetwo          |
      | one\|two     | two      | one, by two     |
      | onet\|wo     | two      | one, by two     |
      | one\|tw      | two      | onetw           |
      | a\|tt\|wo\|b | two      | at, by two      |
      | one_two      | o\|two   | nothing, by o   |
      | xab          | b\|ab    | x, by ab        |
    Then it comes to what each row tells

  Scenario: How likely a text is, of which something is known
    When texts are scored one after the other, with so many others in the place of each token
      | tokens  | others | comes to        |
      | 1 2 3   | 1      | writes 2 3      |
      | 1 2 4   | 1      | writes 4        |
      | 1 2 4   | 0      | writes nothing  |
      | 1 2 4 5 | 2      | writes 2 4 5    |
      | 7 2     | 1      | writes 2        |
      | 1 2 3   | 6      | writes 2 3      |
      | 1 2 3   | 6      | writes 2 3      |
    Then it comes to what each row tells
