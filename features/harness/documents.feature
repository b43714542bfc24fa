Feature: What is written beside the code is true of it

  Rule: One place says which version this is

    Scenario: The version is written once
      When the code is searched for where its version is set
      Then the package sets it, and nothing else does

    Scenario: The installed package has it from there
      When the installed package is asked for its version
      Then it is the version that the code tells

    Scenario: The changelog tells of this version
      When the changelog is held against the version of the code
      Then nothing is missed

    Scenario Outline: A changelog with <entry> is found out
      When a changelog is held against version "0.2.0"
        '''
        # Changelog

        ## <version>

        <told>
        '''
      Then "<missed>" is missed

      Examples:
        | entry                   | version            | told               | missed                           |
        | an older entry at best  | 0.1.0 (unreleased) | - The queen sleeps | newest entry is of 0.1.0         |
        | an entry without a line | 0.2.0              | Soon.              | its entry of 0.2.0 tells nothing |

  Rule: A name stands for one thing

    Scenario Outline: Two classes of <folder> that are not the same have different names
      When the classes in <folder> are looked up by their names
      Then nothing is missed

      Examples:
        | folder  |
        | rbee    |
        | harness |

    Scenario: A name of two things is found out
      When a class Worker is defined in rbee/hive/worker.py and in rbee/queen/openai/worker.py
      Then "Worker" is missed

    Scenario: Two APIs may have one word for what each calls so
      When a class Model is defined in rbee/queen/ollama/models.py and in rbee/queen/openai/models.py
      Then nothing is missed

  Rule: Who reads the features finds what each folder and each tag is

    Scenario: Each is in the README of the features
      When the folders and tags of the features are looked up in their README
      Then nothing is missed

    Scenario: What is not in it is found out
      When a README of the features is read that explains "@timing" and the folder "fairies" alone
      Then "phases" is missed
      And "fairies" is missed
      And "@needs-root" is missed

  Rule: The documents lead to what is there

    Scenario: Each link leads to a file
      When the links of all documents are followed
      Then nothing is missed

    Scenario: Each place in the code that a document names is there
      When the places in the code are looked up that the documents name
      Then nothing is missed

    Scenario: Each module that is named in code or a document is there
      When the modules are looked up that code and documents name
      Then nothing is missed

    Scenario: A docstring that names what has gone is found out
      When a docstring is read
        '''
        See `rbee.queen.flow`, `rbee.queen.jobs.Errand` and `rbee.queen.decisions.decide`.
        '''
      Then exactly these are missed
        | what              |
        | queen.flow        |
        | queen.jobs.Errand |

    Scenario: A document that leads to what has gone is found out
      When a document is read
        '''
        A job begins in `rbee/queen/gone.py`, as `rbee/__init__.py:begin` does,
        and in `rbee/queen/daemon.py`; see [all settings](docs/old_settings.md).
        '''
      Then exactly these are missed
        | what         |
        | queen/gone   |
        | begin        |
        | old_settings |
