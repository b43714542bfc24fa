Feature: A grammar of whoever asks
  Whoever asks for an answer in a grammar of their own (GBNF, llama.cpp's notation) shares the worker with
  others. An engine keeps every way open in which a text may go on, and a grammar of one line may double
  them with each character. So it is read here, and its ways are counted, before the engine sees it.

  Scenario: What can be had goes to the engine, and means what was said
    When these grammars are read, a line break as \n
      | grammar                                                     | takes       | and not |
      | root ::= "yes" \| "yesterday"                               | yesterday   | yest    |
      | root ::= [^a-c\]]+                                          | xyz         | xa      |
      | root ::= expr\nexpr ::= num ([-+] num)*\nnum ::= [0-9]+ ws\nws ::= [ ]* # blanks | 12 +3 | 12+ |
      | root ::= "x" root \| "x"                                    | xxx         | xy      |
      | root ::= ("a" \n \| "b"){2,3} "\x41\u00e9"?                 | abAé        | a       |
      | root ::= value\nvalue ::= "[" (value ("," value)*)? "]" \| [0-9] | [1,[2,[]]]  | [1,]    |
    Then each takes the first text of its row, and not the other

  @fault.worker.any-grammar
  Scenario: What cannot be had is refused by name
    When these grammars are read, a line break as \n
      | grammar                                        | refused for                                  |
      | root ::= a\na ::= "x" a "y" \| "x" a "z" \| "x" | may open more than 128 ways                  |
      | root ::= "x" a? a?\na ::= "x" a? a?            | may open more than 128 ways                  |
      | root ::= ((([a]{0,9}){0,9}){0,9}){0,9}         | may open more than 128 ways                  |
      | root ::= ("abcdefghij"{1000}){1000}            | is more than 20000 characters                |
      | root ::= root "x" \| "x"                       | begins with itself: root                     |
      | root ::= a\na ::= "y"? root                    | begins with itself                           |
      | a ::= "x"                                      | has no rule called 'root'                    |
      | root ::= b                                     | has no rule called 'b'                       |
      | root ::= "abc                                  | ends too early                               |
      | root ::= "a"\nroot = "b"                       | cannot be read in line 2                     |
      | root ::= <[12]>                                | cannot be read in line 1                     |
      | root ::= "a"{2000}                             | repeats something more than 1000 times       |
      | root ::= [z-a]                                 | a range of characters that ends before it    |
    Then each is refused for what its row tells
