Feature: Names of one's own for models: name and names
  What a person calls a model is asked by that, in each command and each API, with what its name
  brings. The queen keeps the names.

  Scenario: A model is asked by a name, also when everything was off in between
    Given I have typed "rbee-keeper name bee minillama temperature=0 max_tokens=3"
    When I type "rbee-keeper infer --model bee 'hello'"
    Then stdout holds " Hello" alone
    And nothing is left running

  @only-asks
  Scenario: Names are listed with what they bring
    Given a swarm that was left warm by "rbee-keeper up"
    And I have typed "rbee-keeper name bee minillama temperature=0 max_tokens=3"
    When I type "rbee-keeper names"
    Then stdout shows a row "NAME MODEL FROM SETTINGS"
    And stdout shows a row "bee minillama catalog"

  @only-asks
  Scenario: What goes wrong with names says what to type
    Given a swarm that was left warm by "rbee-keeper up"
    And I have typed "rbee-keeper name bard author/minillama:q4_0"
    And I have typed "rbee-keeper name --remove bard"
    When I type each of these commands
      | command                                       | says                                                        | status |
      | rbee-keeper name bee minillama tempreture=0   | error: 'tempreture=0' is no setting of a name               | 2      |
      | rbee-keeper name bee minillama draft=bee      | `draft`: model reference 'bee' does not say where the model is | 2   |
      | rbee-keeper name minillama author/minillama   | error: a model cannot be called 'minillama'                 | 2      |
      | rbee-keeper name --remove bard                | error: no name is called 'bard'                             | 1      |
      | rbee-keeper infer --model bard 'hello'        | error: no model is called 'bard' here                       | 1      |
      | rbee-keeper pull llama3.2:1b                  | rbee-keeper name llama3.2:1b HF:owner/repo                  | 1      |
    Then each of them says what its row tells, and ends with its status

  Scenario: For a short name that is nobody's nothing is started
    When I type "rbee-keeper infer --model llama3.2 'hello'"
    Then stderr contains "rbee-keeper name llama3.2 HF:owner/repo"
    And the exit status is 1
    And nothing was started

  Scenario: The model that is asked where none is named is a setting
    Given a hub that holds "author/minillama"
    And a config file that reads
      """
      default_model = "author/minillama:Q4_0"
      """
    When I type "rbee-keeper infer --max-tokens 2 'hello'"
    Then stderr contains "bee-keeper: starting inference request for HF:author/minillama:Q4_0"
    And nothing is left running

  @only-asks
  @fault.queen.names-for-commands-alone
  @fault.queen.names-for-all-keys
  Scenario: Programs find it among the models, and ask by it, as far as their keys reach
    Given a swarm that is warm
    And I have typed "rbee-keeper name bee minillama temperature=0 max_tokens=3"
    And the key "laptop" of "rbee-keeper add-key laptop"
    And the key "tv" of "rbee-keeper add-key tv --model author/other"
    When the program with the key "laptop" asks "bee" for three tokens
    Then it is answered " Hi there" by "bee"
    And the key "laptop" sees the models "bee, minillama"
    And the key "tv" sees the models ""

  @only-asks
  Scenario: A key is limited to what a name means
    Given a swarm that is warm
    And I have typed "rbee-keeper name bee minillama temperature=0 max_tokens=3"
    And the key "tv" of "rbee-keeper add-key tv --model bee"
    When the program with the key "tv" asks "bee" for three tokens
    Then it is answered " Hi there" by "bee"
    And the key "tv" sees the models "bee, minillama"
