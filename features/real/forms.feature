@needs-real-models
Feature: A real model is held to a form
  What a small model would never keep to by itself, it is held to by its grammar.

  Scenario: A class within a class, as pydantic describes it
    Given a queen that is awake
    When programs ask SmolLM2 for a person with homes, in a form and as a call
    Then each answer is such a person

  Scenario: A text that has to be long, and may not be longer
    Given a queen that is awake
    When a program asks SmolLM2 for a text of 2050 to 2100 letters
    Then the answer has so many
