Feature: What a JSON schema says is held to, or refused where it says it
  Who asks for an answer in a form gets one that fits, or hears which keyword cannot be held to. A
  keyword that is passed over in silence is worse than none: the answer looks as if it had been held.

  @fault.worker.pass-over-keywords
  Scenario: Each schema of the JSON-Schema Test Suite
    When each schema of the suite is the form of an answer
    Then no grammar lets an invalid instance through
    And no grammar makes a value that another program calls invalid
    And each that is refused is refused for a path in it
    And at least 90% of those that apply are held to

  Scenario: Schemas that nobody has written, of all keywords and each beside others
    When each of 250 made-up schemas is the form of an answer
    Then no grammar lets an invalid instance through
    And no grammar makes a value that another program calls invalid
    And each that is refused is refused for a path in it
    And more than half of them are held to

  @fault.worker.wide-bounds
  Scenario Outline: <what>
    When an answer is to fit <schema>
    Then it may be <this>, and not <that>

    Examples:
      | what                                            | schema | this | that |
      | a list or nothing, each with what is said of it | {"type": ["array", "null"], "items": {"type": "integer"}, "maxLength": 2} | [1, 2, 3] | ["a"] |
      | a keyword beside a type that it says nothing of | {"type": "integer", "maxLength": 2, "required": ["a"]} | 100 | "a" |
      | a pattern of which nothing can be made, beside a number | {"type": "integer", "pattern": "(a)\\1", "format": "regex"} | 100 | "a" |
      | formats that have nothing in common             | {"oneOf": [{"type": "string", "format": "date"}, {"type": "integer"}]} | "2024-02-29" | "2023-02-29" |
      | a name for a nested form                        | {"properties": {"a": {"$ref": "#/$defs/n"}}, "required": ["a"], "$defs": {"n": {"properties": {"b": {"$ref": "#/$defs/n"}}}}, "type": "object"} | {"a": {"b": {"b": {}}}} | {"a": {"b": {"b": 1}}} |
      | a name with more beside it                      | {"$ref": "#/$defs/n", "maximum": 5, "$defs": {"n": {"type": "integer", "minimum": 3}}} | 4 | 6 |
      | whole numbers between bounds                    | {"type": "integer", "minimum": -3, "exclusiveMaximum": 12} | -3 | 12 |
      | decimals between bounds                         | {"type": "number", "exclusiveMinimum": 0.5, "maximum": 2.25} | 2.25 | 0.5 |
      | multiples                                       | {"type": "number", "multipleOf": 0.25} | 1.75 | 1.8 |
      | a pattern, anchored                             | {"type": "string", "pattern": "^[a-z]{2}-\\d+$"} | "ab-12" | "xab-12" |
      | a pattern, anywhere                             | {"type": "string", "pattern": "b+"} | "xbby" | "xy" |
      | a pattern of classes of Unicode                 | {"type": "string", "pattern": "^\\p{Lu}[\\p{Ll}\\p{N}]*\\P{L}$"} | "Éa2é!" | "éa2é!" |
      | a pattern and a length                          | {"type": "string", "pattern": "^[a-z]*$", "minLength": 2, "maxLength": 3} | "abc" | "abcd" |
      | a date that there is                            | {"type": "string", "format": "date"} | "2024-02-29" | "2023-02-29" |
      | an address                                      | {"type": "string", "format": "ipv4"} | "192.168.0.1" | "192.168.0.256" |
      | a list of given parts                           | {"type": "array", "prefixItems": [{"type": "string"}, {"type": "null"}], "items": false} | ["a", null] | ["a", null, 1] |
      | values of all types                             | {"enum": ["a", 1, null, true, [1], {"a": 1}]} | {"a": 1} | {"a": 2} |
      | one value                                       | {"const": {"a": [1, null]}} | {"a": [1, null]} | {"a": [1]} |
      | all of several                                  | {"type": "object", "allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"a": {"maximum": 3}}}]} | {"a": 3} | {"a": 4} |
      | one of several, and no other                    | {"oneOf": [{"type": "integer"}, {"minimum": 2}]} | 2.5 | 3 |
      | what something is not                           | {"type": "string", "not": {"enum": ["a", "b"]}} | "ab" | "a" |
      | other properties of one kind                    | {"type": "object", "additionalProperties": {"type": "integer"}} | {"x": 1} | {"x": "a"} |
      | names and values by a pattern                   | {"type": "object", "patternProperties": {"^n_": {"type": "integer"}}} | {"n_a": 1} | {"n_a": "x"} |
      | a word of somebody's own, which is a remark     | {"type": "string", "units": "m", "enumDescriptions": ["a"], "maxLength": 2} | "ab" | "abc" |
      | nothing, in words of OpenAPI                    | {"properties": {"a": {"type": "integer", "nullable": true}}, "required": ["a"]} | {"a": null} | {"a": "b"} |
      | names of one kind                               | {"type": "object", "propertyNames": {"maxLength": 2}} | {"ab": 1} | {"abc": 1} |
      | what nobody has named is wanted                 | {"type": "object", "required": ["a"]} | {"a": 1} | {"b": 1} |
      | one of several of which some speak of objects   | {"anyOf": [{"properties": {"a": {"type": "integer"}}}, {"type": "null"}]} | {"a": 1} | "a" |
      | true and false as schemas                       | {"type": "object", "properties": {"a": true, "b": false}} | {"a": 1} | {"b": 1} |
      | one that depends on another                     | {"type": "object", "properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}} | {"a": 1, "b": 2} | {"a": 1} |
      | what is asked where something is met            | {"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}, "if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["b"]}} | {"a": 2} | {"a": 1} |
      | each value once                                 | {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": true} | ["a", "b"] | ["a", "a"] |
      | anything                                        | {}     | [1, {"a": null}] | nothing |

  @fault.worker.count-at-once
  Scenario Outline: A text of <least> to <most> letters is counted to its end
    When an answer is to be a text of <least> to <most> letters
    Then that many letters pass, and one less or one more do not

    Examples:
      | least | most |
      | 0     | 2100 |
      | 2500  | 2500 |
      | 1999  | 4001 |

  @fault.worker.opposite-of-formats
  Scenario Outline: <schema> is refused
    When an answer is to fit <schema>
    Then it is refused at the path "<path>"

    Examples:
      | schema                                                                     | path                           |
      | {"properties": {"a": {"type": "array", "uniqueItems": true}}}              | $.properties.a.uniqueItems     |
      | {"items": {"pattern": "^\\p{Script=Greek}$"}}                              | $.items.pattern                |
      | {"items": {"pattern": "(a)\\1"}}                                           | $.items.pattern                |
      | {"properties": {"a": {"format": "regex"}}}                                 | $.properties.a.format          |
      | {"$defs": {"n": {"minlength": 1}}, "properties": {"a": {"$ref": "#/$defs/n"}}} | $.$defs.n.minlength        |
      | {"properties": {"a": {"divisibleBy": 2}}}                                  | $.properties.a.divisibleBy     |
      | {"properties": {"a": {"$ref": "https://example.com/a.json"}}}              | $.properties.a.$ref            |
      | {"minimum": "three"}                                                       | $.minimum                      |
      | {"type": "string", "minLength": 5, "maxLength": 3}                         | $.minLength                    |
      | {"anyOf": [{"type": "null"}, {"allOf": [{"type": "bee"}]}]}                | $.anyOf[1].allOf[0].type       |
      | {"type": "integer", "minimum": 5, "maximum": 3}                            | $                              |
      | {"type": "array", "allOf": [{"anyOf": [{"minItems": 0}], "uniqueItems": true}]} | $.allOf[0].uniqueItems       |
      | {"anyOf": [{"type": "object", "additionalProperties": {}}], "minProperties": 2} | $.minProperties              |
      | {"type": "string", "not": {"format": "date"}}                              | $.not.format                   |
      | {"oneOf": [{"format": "email"}, {"pattern": "^a"}], "type": "string"}      | $.oneOf[0].format              |
      | {"enum": [{"a": 1}], "unevaluatedProperties": false}                       | $.unevaluatedProperties        |

  @fault.worker.types-of-any-kind
  Scenario Outline: Whatever stands at a keyword, of <what> it is taken or refused
    When each keyword of <what> has a value of each kind
    Then each is taken, or refused as an invalid request

    Examples:
      | what                                     |
      | the form of an answer                    |
      | a function that may be called            |
      | a strict function that may be called     |

  Rule: A call that has to be made is held to in the same way

    Scenario: Each function has names of its own
      When a model has to call one of these functions
        | name | parameters                                                                                             |
        | f    | {"properties": {"a": {"$ref": "#/$defs/n"}}, "required": ["a"], "$defs": {"n": {"type": "integer"}}}   |
        | g    | {"properties": {"a": {"$ref": "#/$defs/n"}}, "required": ["a"], "$defs": {"n": {"type": "string"}}}    |
      Then it may be {"name": "f", "arguments": {"a": 1}}, and not {"name": "g", "arguments": {"a": 1}}

    Scenario: What cannot be held to is refused where the program has sent it
      When a model has to call one of these functions
        | name | parameters                                              |
        | f    | {}                                                      |
        | g    | {"properties": {"a": {"uniqueItems": true}}}            |
      Then it is refused at the path "$[1].parameters.properties.a.uniqueItems"
      And a program that sent it as a chat is told of "tools[1].function.parameters.properties.a.uniqueItems"

    Scenario: A reference that leads nowhere is quoted as it was sent
      When a model has to call one of these functions
        | name | parameters                                              |
        | f    | {"properties": {"a": {"$ref": "#/$defs/n"}}}            |
      Then it is refused at the path "$[0].parameters.properties.a.$ref"
      And the refusal quotes "#/$defs/n"

  Rule: A call that may be made has a grammar of the engine's

    Scenario Outline: Of <parameters> the engine is told <told>
      When a model may call a function, <strict>, with <parameters>
      Then the engine is told <told>

      Examples:
        | strict     | parameters                                                       | told                                                                |
        | not strict | {"properties": {"a": true, "b": {"minLength": 2500}}}            | {"properties": {"a": {}, "b": {}}}                                   |
        | not strict | {"properties": {"a": {"uniqueItems": true, "pattern": "b"}}}     | {"properties": {"a": {"uniqueItems": true, "pattern": "b"}}}         |
        | strict     | {"properties": {"a": {"allOf": [{"$ref": "#/$defs/n"}], "title": "A"}}, "$defs": {"n": {"type": "integer"}}} | {"properties": {"a": {"$ref": "#/$defs/n", "title": "A"}}, "$defs": {"n": {"type": "integer"}}} |
        | strict     | {"properties": {"a": {"type": "string", "nullable": true}}} | {"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}} |
        | strict     | {"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {}}} | {"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {}}} |
        | strict     | {"properties": {"a": {"type": "string", "pattern": "^\\d{3}$"}}} | {"properties": {"a": {"type": "string", "pattern": "^[0-9]{3}$"}}}   |
        | strict     | {"properties": {"a": {"type": "integer", "format": "int32", "maxLength": 3}}} | {"properties": {"a": {"type": "integer"}}}                |
        | not strict | {"properties": {"a": {"items": {"$ref": "#"}}}} | {"properties": {"a": {"items": {"$ref": "#/$defs/to0"}}}, "$defs": {"to0": {"properties": {"a": {"items": {"$ref": "#/$defs/to0"}}}}}} |
        | not strict | {"properties": {"a": {"$ref": "#n"}}, "$defs": {"n": {"$anchor": "n"}}} | {"properties": {"a": {"$ref": "#/$defs/to0"}}, "$defs": {"n": {"$anchor": "n"}, "to0": {"$anchor": "n"}}} |

    @fault.worker.loose-functions @fault.worker.one-type-alone
    Scenario Outline: A strict function with <parameters> is refused
      When a model may call a function, strict, with <parameters>
      Then it is refused at the path "<path>"

      Examples:
        | parameters                                                  | path                                      |
        | {"properties": {"a": {"type": "number", "minimum": 1}}}     | $[0].parameters.properties.a.minimum      |
        | {"$schema": "https://example.org/bees", "properties": {}}   | $[0].parameters.$schema                   |
        | {"properties": {"a": {"type": "string", "pattern": "a"}}}   | $[0].parameters.properties.a.pattern      |
        | {"properties": {"a": {"type": "string", "maxLength": 2100}}} | $[0].parameters.properties.a.maxLength   |
        | {"properties": {"a": {"type": "string", "format": "regex"}}} | $[0].parameters.properties.a.format      |
        | {"properties": {"a": {"type": ["object", "null"], "properties": {}, "required": ["b"]}}} | $[0].parameters.properties.a.required |
        | {"properties": {"a": {"type": ["integer", "null"], "minimum": 1, "exclusiveMinimum": 3}}} | $[0].parameters.properties.a |
        | {"properties": {"a": {"type": ["string", "null"], "enum": ["a", 3]}}} | $[0].parameters.properties.a.enum |
        | {"properties": {"a": {"type": "array", "items": [{"type": "number", "minimum": 1}]}}} | $[0].parameters.properties.a.items[0].minimum |
        | {"properties": {"a": {"type": "string", "oneOf": [{"type": "string"}, {"type": "null"}]}}} | $[0].parameters.properties.a.type |
        | {"properties": {"a": {"allOf": [{"type": "integer", "multipleOf": 2}]}}} | $[0].parameters.properties.a.allOf[0].multipleOf |
        | {"properties": {"a": {}}, "additionalProperties": true}     | $[0].parameters.additionalProperties      |

    Scenario Outline: A function with <parameters> is refused, strict or not
      When a model may call a function, not strict, with <parameters>
      Then it is refused at the path "<path>"

      Examples:
        | parameters                                   | path                                 |
        | {"type": "string"}                           | $[0].parameters.type                 |
        | {"type": "OBJECT"}                           | $[0].parameters.type                 |
        | {"properties": {"a": {"type": "STRING"}}}    | $[0].parameters.properties.a.type    |
        | {"properties": []}                           | $[0].parameters.properties           |
        | {"properties": {"a": {"enum": []}}}          | $[0].parameters.properties.a.enum    |
