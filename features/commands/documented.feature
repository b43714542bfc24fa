Feature: What the documents say to type works
  The README and the pages beside it are typed as they stand, each page in one shell, with models of
  the test hub in the place of those that they name.

  Rule: Each line is one that its program takes

    @fault.keeper.another-word
    Scenario: rbee-keeper knows each command and each option that a document shows
      When each rbee-keeper line of the documents is read as rbee-keeper reads it
      Then nothing is missed

    Scenario: What else a document names to be typed is there
      When the targets of make, the extras and the features are looked up that documents name
      Then nothing is missed

    Scenario: What is misspelt is found out
      When a document is read that shows these lines
        | line                                                         |
        | rbee-keeper infre "hello"                                    |
        | eval "$(rbee-keeper up --print-environment)"                 |
        | export OPENAI_API_KEY=$(rbee-keeper add-key editor --may-go) |
        | rbee-keeper plan REF --spread everywhere                     |
        | rbee-keeper stop [WORKER] [--force]                          |
        | make tea                                                     |
        | pip install ".[fairies]"                                     |
        | behave features/flows/cold_infer.feature:2                   |
      Then exactly these are missed
        | what                |
        | infre               |
        | --print-environment |
        | --may-go            |
        | everywhere          |
        | --force             |
        | make tea            |
        | fairies             |
        | cold_infer          |

  Rule: Each line is typed

    @needs-clients
    Scenario: From the first line of each page to its last
      Given a hub that holds "author/seeing-llama"
      And a swarm that was left warm by "rbee-keeper infer --keep-alive 'hello'"
      And these are not typed here
        | what begins so                               | since                                       |
        | make                                         | these run what is tried here                |
        | behave                                       | this is what types it                       |
        | pip install                                  | rbee is installed, and an index may be far  |
        | rbee-keeper add-hive --install workstation   | features/machines/installing.feature        |
        | rbee-keeper add-hive --wake auto workstation | features/machines/sleeping.feature          |
        | rbee-keeper infer --node workstation "hello" | features/machines/partitions.feature        |
        | rbee-keeper down                             | features/commands/up_down_status.feature    |
        | rbee-keeper down --at-boot                   | features/commands/at_boot.feature           |
        | rbee-keeper up --host 0.0.0.0                | features/machines/the_house.feature         |
        | rbee-keeper open --qr                        | features/commands/open.feature              |
        | rbee-keeper infer --queen https://192.168.1.5:8500 | its machine is the reader's own       |
        | eval "$(rbee-keeper up --print-env --queen https://192.168.1.5:8500 | its machine is the reader's own |
        | rbee-keeper infer --queen https://workstation:8500 | its machine is the reader's own       |
        | rbee-keeper name --help                      | it is read with every help                  |
        | rbee-keeper rotate-token                     | it is typed where who listens is tried      |
        | rbee-keeper infer < file                     | the file is the reader's own                |
        | claude                                       | it is installed for no feature              |
        | lm_eval                                      | it is installed for no feature              |
        | podman                                       | it is a container engine, which is not here |
        | ssh                                          | it is a tunnel to a machine of one's own    |
      When each page of the documents is typed in a shell, with these words for its own
        | shown                               | typed                                             |
        | ggml-org/SmolVLM-500M-Instruct-GGUF | author/seeing-llama                               |
        | owner/large-GGUF:Q4_K_M             | author/minillama:Q8_0                             |
        | owner/small-GGUF:Q4_K_M             | author/minillama:Q4_0                             |
        | owner/large                         | author/minillama                                  |
        | owner/repo:Q4_K_M                   | author/minillama:Q4_0                             |
        | owner/repo                          | author/minillama                                  |
        | context=16384                       | context=256                                       |
        | python -c 'import ollama            | $CLIENTS -c 'import ollama                        |
        | [HIVE]                              | localhost                                         |
        | [--node HIVE]                       | --node localhost                                  |
        | [ROLE\|ID] [-f]                     | queen                                             |
        | REF                                 | HF:author/caller-llama                            |
        | curl -H                             | curl --fail-with-body -H                          |
        | WORKER                              | $(rbee-keeper ps \| grep -om1 'worker-[0-9a-f]*') |
      Then each line of each page has worked
      And no page shows what is typed nowhere
