Feature: A call that is demanded is told as it is made
  A grammar has the model write one JSON object, of a name and arguments. What is told of it are the
  pieces of a call, as the text comes: none of it is the answer's text, wherever it is cut off.

  @fault.worker.count-braces-in-texts
  Scenario Outline: <what>
    When a model writes a call in these pieces: "<written>"
    Then what is told of it is "<told>"
    And the call is <so far>

    Examples:
      | what                                | written                                                        | told                            | so far   |
      | At once                             | {"name":"w","arguments":{"city":"Rome"}}                       | w {"city":"Rome"}               | whole    |
      | Piece by piece                      | {"na/me":"w","argu/ments":{"ci/ty":"Ro/me"/}}                  | w {"ci/ty":"Ro/me"/}            | whole    |
      | With spaces                         | { "name" : "w" , /"arguments" : { "city": "Rome" }/ }          | w { "city": "Rome" }            | whole    |
      | Braces and quotes in a text         | {"name":"w","arguments":{"a":"}/\"{","b":{"c":[{}]}}/}         | w {"a":"}/\"{","b":{"c":[{}]}}  | whole    |
      | A backslash at the end of a piece   | {"name":"w","arguments":{"a":"\\/"}}                           | w {"a":"\\/"}                   | whole    |
      | A name with an escaped letter       | {"name":"a\u00e9b","arguments":{}}                             | aéb {}                          | whole    |
      | The arguments first                 | {"arguments":{"name":"x"},"name":"w"}                          | w {"name": "x"}                 | whole    |
      | Cut off in its arguments            | {"name":"w","arguments":{"city":"Ro                            | w {"city":"Ro                   | not whole |
      | Cut off before its arguments        | {"name":"w","argu                                              | nothing                         | not whole |
      | Cut off before its end              | {"name":"w","arguments":{"city":"Rome"}                        | w {"city":"Rome"}               | whole    |
      | Words behind it                     | {"name":"w","arguments":{}}/ and more                          | w {}                            | whole    |
