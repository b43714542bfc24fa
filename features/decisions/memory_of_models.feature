@phase-6
Feature: A worker is promised what its engine takes
  What it takes is told from the header of the model alone. The numbers are those of the engine's
  own report after it had loaded the model; what is promised is within a hundredth of them.

  @needs-real-models
  Scenario Outline: What the engine reports of a real model
    Given the model "<model>"
    When a worker is planned for it with <slots> slots of <context> tokens
    Then it is promised <weights> MiB of weights, <cache> MiB of cache and <graph> MiB of graph

    Examples: a model that writes
      | model   | context | slots | weights | cache  | graph |
      | smollm2 | 512     | 1     | 92.10   | 11.25  | 51.07 |
      | smollm2 | 2048    | 4     | 92.10   | 180.00 | 54.82 |
      | smollm2 | 8192    | 4     | 92.10   | 720.00 | 54.82 |

    Examples: an encoder of bge-m3's shape, which keeps nothing of what it has read
      | model   | context | slots | weights | cache | graph  |
      | encoder | 512     | 2     | 317.86  | 0     | 18.51  |
      | encoder | 2048    | 4     | 317.86  | 0     | 80.05  |
      | encoder | 8192    | 1     | 317.86  | 0     | 416.19 |

    Examples: the one that ships with rbee
      | model     | context | slots | weights | cache | graph |
      | minillama | 512     | 4     | 0.95    | 2.00  | 1.92  |

  @needs-real-models
  Scenario Outline: What the engine reports of a model in parts: <layers> layers
    Given the model "smollm2"
    When it is cut into parts of "<layers>" layers
    Then they take "<weights>" MiB of weights and "<cache>" MiB of cache

    Examples:
      | layers | weights      | cache      |
      | 18, 13 | 38.05, 54.05 | 27, 18     |
      | 5, 26  | 10.57, 81.53 | 7.5, 37.5  |
      | 12, 8  | 25.37, 43.49 | 18, 10.5   |

  @fault.hive.tie-all-outputs
  Scenario Outline: In parts, <what>
    Given a model of 4 layers of 10 MiB, with embeddings of 5 MiB <and> an output
    When it is cut into parts of "<layers>" layers
    Then they take "<weights>" MiB of weights, and <host> MiB stay in RAM

    Examples:
      | what                                         | and     | layers  | weights | host |
      | tied embeddings lie with the output, too     | without | 2, 3    | 20, 25  | 5    |
      | an output of its own lies there alone        | with    | 2, 3    | 20, 27  | 5    |
      | the first layers may stay in RAM             | without | 3       | 25      | 25   |
      | the output alone may be on a device          | with    | 1       | 7       | 45   |
      | a device may have none                       | with    | 0, 5    | 0, 47   | 5    |

  Scenario Outline: In parts, a layer that keeps nothing takes no cache: <layers> layers
    Given a model of 8 layers of the architecture "jamba" that says "attention.head_count_kv 0 0 2 0 0 2 0 0"
    When it is cut into parts of "<layers>" layers
    Then they take "<weights>" MiB of weights and "<cache>" MiB of cache

    Examples:
      | layers  | weights | cache   |
      | 3, 6    | 0, 0    | 2, 2    |
      | 2, 7    | 0, 0    | 0, 4    |
      | 2, 3, 4 | 0, 0, 0 | 0, 2, 2 |

  @needs-real-models
  @fault.hive.fill-the-first
  Scenario Outline: Layers lie where there is room: <what>
    Given the model "smollm2"
    When it is laid on GPUs with "<room>" MiB of room
    Then they have "<layers>" of its 31 layers

    Examples:
      | what                                 | room          | layers     |
      | equal ones take equal bytes          | 300, 300      | 30, 1      |
      | others each to the same share        | 180, 240      | 25, 6      |
      | one without room has none            | 15, 500       | 0, 31      |
      | what does not fit is left            | 110, 140      | 25, 2      |
      | on one as many as fit                | 160           | 8          |
      | or none                              | 90            | 0          |

  @fault.hive.whole-layers-first
  Scenario Outline: Beside RAM, experts go there first: <what>
    Given a model of 10 layers of 100 MiB, <experts> of them in experts
    When it is laid on GPUs with "<room>" MiB of room, and in RAM
    Then <layers> layers are in RAM, and the experts of <lean>

    Examples:
      | what                              | experts | room     | layers | lean |
      | all of them                       | 90      | 240      | 0      | 10   |
      | as few as will do                 | 90      | 600      | 0      | 6    |
      | over several GPUs, too            | 90      | 300, 400 | 0      | 7    |
      | where that is not enough, layers  | 20      | 600      | 6      | 0    |
      | and where there are none          | 0       | 600      | 6      | 0    |
      | all on the GPU, if it has room    | 90      | 2000     | 0      | 0    |

  @needs-real-models
  @fault.hive.ram-before-gpus
  Scenario Outline: Over machines, the first in RAM: <what>
    Given the model "smollm2"
    When it is laid over machines with "<room>" MiB of room
    Then they have "<layers>" of its 31 layers

    Examples:
      | what                               | room                      | layers    |
      | RAM of several is filled alike     | 300 RAM, 300 RAM          | 29, 2     |
      | GPUs are filled before             | 300 RAM, 300 RAM, 200 GPU | 8, 9, 14  |
      | wherever they are                  | 300 RAM, 100 GPU, 300 RAM | 13, 17, 1 |
      | GPUs alone are filled alike        | 300 GPU, 300 GPU          | 30, 1     |
      | what they have no room for is left | 120 RAM, 170 RAM          | 15, 5     |

  @fault.hive.cache-everywhere
  Scenario Outline: Only a layer that attends keeps every token
    Each such layer keeps 8 MiB of 8,192 tokens, whatever other layers do.

    Given a model of <layers> layers of the architecture "<architecture>" that says "<says>"
    When a worker is planned for it with 1 slot of 8192 tokens
    Then what its layers keep takes <cache> MiB

    Examples:
      | architecture  | layers | says                               | cache |
      | llama         | 48     | no more                            | 384   |
      | qwen3next     | 48     | no more                            | 96    |
      | qwen3next     | 48     | full_attention_interval 8          | 48    |
      | qwen35moe     | 40     | no more                            | 80    |
      | newcomer      | 12     | full_attention_interval 3          | 32    |
      | granitehybrid | 4      | attention.head_count_kv 0 0 0 2    | 8     |
      | jamba         | 8      | attention.head_count_kv 0 0 2 0 0 2 0 0 | 16 |
      | lfm2          | 4      | attention.head_count_kv 0 2 0 2    | 16    |
      | mamba2        | 48     | no more                            | 0     |
      | rwkv7         | 32     | no more                            | 0     |
      | bert          | 24     | no more                            | 0     |
      | nomic-bert    | 12     | no more                            | 0     |
      | modern-bert   | 22     | no more                            | 0     |
      | llama         | 48     | attention.causal 0                 | 384   |

  @fault.hive.large-batches-everywhere
  Scenario Outline: How many tokens are worked through at once: <what>
    Whoever writes beside a long prompt has a token with each batch of it.
    Given a model of 4 layers of the architecture "<architecture>" that says "<says>"
    When it is planned <where> with a context of 2048 tokens
    Then <tokens> tokens of it are worked through at once

    Examples:
      | what                                       | architecture | says           | where                        | tokens |
      | few on a CPU, which is as fast by them     | llama        | no more        | on the CPU                   | 256    |
      | on a GPU more, which is faster by them     | llama        | no more        | on a GPU                     | 512    |
      | also with layers in RAM beside it          | llama        | no more        | on a GPU and the CPU         | 512    |
      | experts are read anew for each batch       | qwen3moe     | expert_count 8 | on the CPU                   | 512    |
      | a picture has to be in one                 | llama        | no more        | with a projector, on the CPU | 512    |
      | what sees all of a text has it in one      | bert         | pooling_type 2 | on the CPU                   | 2048   |

  Scenario Outline: A layer with a state keeps that, however long the text is
    Given a model of <layers> layers of the architecture "<architecture>" that says "<says>"
    When a worker is planned for it with 4 slots of <context> tokens
    Then what its layers keep takes <state> MiB

    Examples:
      | architecture | layers | context | state | says                                                    |
      | mamba        | 32     | 512     | 19    | ssm.inner_size 2048, ssm.state_size 16, ssm.conv_kernel 4 |
      | mamba        | 32     | 8192    | 19    | ssm.inner_size 2048, ssm.state_size 16, ssm.conv_kernel 4 |
      | rwkv7        | 32     | 8192    | 33    | wkv.head_size 64                                        |
