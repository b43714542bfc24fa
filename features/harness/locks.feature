Feature: What is installed is written down, so that a fresh machine passes on any day

  Rule: The locks hold for each Python and machine that rbee runs on

    Scenario: What the project wants is locked
      When the locks are held against what the project wants
      Then nothing is left open

    Scenario: A want that came later is missed
      When the locks are held against what "behave>=99" and "bees" want
      Then "behave>=99" is left open
      And "bees" is left open

    Scenario: Every lock names one version and its hashes, and nothing of one machine
      When all locks are read
      Then each package is in one version, with a hash
      And no lock tells where it was made, nor where its packages come from

    Scenario: The engine beside which rbee is measured is its own
      When all locks are read
      Then "xllamacpp" is the same in each of them

    Scenario: The Makefile installs nothing but that
      When the commands of the Makefile are read
      Then none installs what no lock names, but for the project itself

  Rule: With LATEST=1 it is told what moved

    Scenario: A package went on, one came and one went
      Given a lock of these packages
        | package | version |
        | aiohttp | 3.14.5  |
        | click   | 8.5.1   |
        | six     | 1.17.0  |
      And an environment of these packages
        | package | version |
        | aiohttp | 3.15.0  |
        | click   | 8.5.1   |
        | yarl    | 1.25.1  |
      When the environment is held against the lock
      Then this is told
        '''
        lent: 3 moved
          aiohttp  3.14.5 -> 3.15.0
          six      1.17.0 -> (gone)
          yarl     (new) -> 1.25.1
        '''

    Scenario: npm has put one package in place for all, and one for another alone
      Given a lock of these packages
        | package | version |
        | ollama  | 0.6.0   |
        | openai  | 6.1.0   |
      And npm has put these in place
        | place                                        | version |
        | node_modules/ollama                          | 0.6.0   |
        | node_modules/openai                          | 6.2.0   |
        | node_modules/openai/node_modules/@types/node | 18.1.0  |
      When the environment is held against the lock
      Then this is told
        '''
        lent: 2 moved
          openai                           6.1.0 -> 6.2.0
          openai/node_modules/@types/node  (new) -> 18.1.0
        '''

  Rule: It is asked of all of it whether an advisory is known

    Scenario: What pip installs, and what npm does
      When it is listed what the OSV database is asked about
      Then "aiohttp" of PyPI is among it
      And "openai" of npm is among it
