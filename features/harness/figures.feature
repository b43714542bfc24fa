Feature: The page of figures says what is missed, and what was not measured

  Scenario: A target that is missed
    Given measurements in which rbee keeps 73 % of the tokens
    When the page of figures is made of them
    Then its line on "tokens/s kept at 8 streams" says "**missed** by 12.0 points"
    And it explains "tokens/s kept at 8 streams" by "queen 120.0 µs"

  Scenario: A target that is met, and not yet what is aimed at
    Given measurements in which rbee keeps 91 % of the tokens
    When the page of figures is made of them
    Then its line on "tokens/s kept at 8 streams" says "met by 6.0 points; 4.0 points short of the aim"

  Scenario: A peer that is not there
    Given measurements in which rbee keeps 91 % of the tokens
    And Xinference "could not be installed: no space left"
    When the page of figures is made of them
    Then the page says "**Xinference was not measured:** could not be installed: no space left"
    And its line on "cold start faster than Xinference's" says "not measured"

  Scenario Outline: What is kept of the engine's own speed, with real weights
    When the page of real weights is made of measurements in which rbee keeps <percent> %
    Then its line on "500 tokens" says "<first token>"
    And its line on "500 tokens" says "<verdict>"

    Examples:
      | percent | first token                      | verdict             |
      | 98      | 0.102, the engine's 0.100 s      | 0.98                |
      | 80      | 0.125, the engine's 0.100 s      | 0.80 (**below 0.95**) |
