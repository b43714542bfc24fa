@needs-real-models
Feature: A real model is held to a form
  What a small model would never keep to by itself, it is held to by its grammar.

  Background:
    Given a worker takes 1 job at once
    And a worker has a context of 2048 tokens

  Scenario: A class within a class, as pydantic describes it
    Given a queen that is awake
    When programs ask SmolLM2 for a person with homes, in a form and as a call
    Then each answer is such a person
