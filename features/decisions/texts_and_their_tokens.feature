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

  @fault.worker.any-number-of-digits
  Scenario: A token that is weighed by its number, or by its text
    When each of these is weighed, where tokens have numbers below 100
      | weighs           | comes to |
      | 5                | taken    |
      | 0000000005       | taken    |
      | bee              | taken    |
      | 100              | refused  |
      | -5               | refused  |
      | 99999999999      | refused  |
      | 5000 digits      | refused  |
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

  # A bee is f0 9f 90 9d, and é is c3 a9.
  @fault.worker.a-character-a-token
  Scenario: The tokens of an answer, told one by one, also where they are no text by themselves
    When answers are told in pieces of so many tokens, of a vocabulary of 61 62 f09f 90 9d c3 a9 90
      | tells            | pieces       | comes to                  |
      | how likely       | a/1 b/1      | 61 62 \|                  |
      | how likely       | a/1 🐝/3 b/1 | 61 \| f09f 90 9d 62       |
      | how likely       | é/2 é/2      | \| c3 a9 c3 a9            |
      | how likely       | ab/2         | \| 61 62                  |
      | how likely       | 🐝/4 b/1     | \| f09f909d 62            |
      | texts alone      | a/1 b/1      | \| 61 62                  |
      | texts alone      | ab/2 é/2     | \| 61 62 c3 a9            |
      | texts alone      | a/1 🐝/2     | \| 61                     |
    Then it comes to what each row tells
