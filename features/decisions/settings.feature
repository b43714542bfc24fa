Feature: Every number that can be set, and which of them counts
  The page of settings, docs/settings.md, tells what each of them is. Whoever adds a setting adds it
  here, with its default.

  Scenario: What is set where nobody has set anything
    When the settings are read where nobody has set anything
    Then they are these, and no others
      | setting               | default     |
      | queen_host            | 127.0.0.1   |
      | queen_port            | 8500        |
      | hive_host             | 127.0.0.1   |
      | hive_port             | 8600        |
      | worker_host           |             |
      | worker_port           | 8601        |
      | plain_http            | False       |
      | tls_certificate       |             |
      | tls_key               |             |
      | database              |             |
      | database_busy         | 10          |
      | spread                | swarm       |
      | default_model         |             |
      | names                 | {}          |
      | calm_after            | 20          |
      | health_wait_first     | 0.01        |
      | health_wait_factor    | 1.5         |
      | health_wait_longest   | 0.25        |
      | health_wait_total     | 30          |
      | connect_timeout       | 5           |
      | connect_tries         | 3           |
      | ssh_connect_timeout   | 10          |
      | hive_patience         | 10          |
      | hive_retry            | 60          |
      | network_fresh         | 3600        |
      | wake_wait             | 120         |
      | suspend_after         | 300         |
      | list_patience         | 2           |
      | degraded_for          | 300         |
      | heartbeat_interval    | 15          |
      | heartbeats_missed     | 3           |
      | lease                 | 60          |
      | capabilities_fresh    | 600         |
      | processor_query_after | 5           |
      | load_stall            | 300         |
      | token_stall           | 60          |
      | idle_worker           | 300         |
      | restart_delays        | 1, 2, 4     |
      | engine                | llamacpp    |
      | engine_threads        | 0           |
      | slots                 | 4           |
      | context               | 0           |
      | prompt_cache_mib      | 0           |
      | ram_factor            | 1.2         |
      | vram_margin_mib       | 457         |
      | worker_margin_mib     | 1024        |
      | confine_workers       | True        |
      | refuse_unknown_tools  | False       |
      | download_stall        | 60          |
      | download_tries        | 6           |
      | stop_request          | 5           |
      | stop_term             | 10          |
      | stop_total            | 30          |
      | jobs_waiting          | 512         |
      | jobs_asked_mib        | 256         |
      | jobs_kept             | 1024        |
      | jobs_kept_for         | 3600        |
      | jobs_kept_mib         | 64          |
      | stream_comment        | 15          |
      | stream_patience       | 2           |
      | cors_origins          |             |
      | reader_grace          | 2           |
      | log_mib               | 8           |
      | logs_kept             | 64          |
      | connections           | 4096        |
      | strangers             | 256         |
      | request_head          | 10          |
      | request_pause         | 30          |
      | reader_stall          | 300         |
      | allowed_hosts         |             |

  Scenario Outline: An address that is set <where>
    Given the environment sets "<environment>"
    And the file of settings says "<file>"
    When the settings are read for a command with "<flag>"
    Then the setting "queen_host" is "<address>"

    Examples:
      | where                      | flag         | environment           | file                 | address   |
      | nowhere                    | no flag      | nothing               | nothing              | 127.0.0.1 |
      | in the file                | no flag      | nothing               | queen_host = "attic" | attic     |
      | in the environment as well | no flag      | RBEE_QUEEN_HOST=shed  | queen_host = "attic" | shed      |
      | by a flag as well          | --host study | RBEE_QUEEN_HOST=shed  | queen_host = "attic" | study     |
      | by a flag alone            | --host study | nothing               | nothing              | study     |
      | for the hive               | no flag      | RBEE_HIVE_HOST=shed   | hive_host = "attic"  | 127.0.0.1 |

  Scenario Outline: <what>
    Given the environment sets "<environment>"
    And the file of settings says "<file>"
    When the settings are read for a command with "no flag"
    Then the setting "<setting>" is "<value>"

    Examples:
      | what                                 | environment             | file                    | setting        | value   |
      | Several values, from the environment | RBEE_RESTART_DELAYS=1,5 | nothing                 | restart_delays | 1, 5    |
      | Several values, from the file        | nothing                 | restart_delays = [1, 5] | restart_delays | 1, 5    |
      | A fraction of a second               | RBEE_TOKEN_STALL=0.5    | nothing                 | token_stall    | 0.5     |
      | Pages that may call from a browser   | RBEE_CORS_ORIGINS=a,b   | nothing                 | cors_origins   | a, b    |

  Scenario: The page of settings tells of each of them
    When the page of settings is made
    Then it is the one in the documentation
    And it tells of every setting its default, its unit and what it is
