@phase-4
Feature: Cards of NVIDIA, AMD, Intel, and whatever an engine finds
  What the engine in use lists is the truth about what it can use. NVML and the kernel add how much
  memory is free now, and the cards that the engine leaves out since it is built for another maker.

  Scenario Outline: What the kernel tells of <what>
    Given the kernel has a card "<card>" with
      | file                | text     |
      | vendor              | <vendor> |
      | device              | 0x744c   |
      | mem_info_vram_total | <total>  |
      | mem_info_vram_used  | <used>   |
      | unique_id           | <number> |
    When the kernel is asked for cards
    Then it has told "<told>"

    Examples:
      | what                    | card         | vendor | total       | used       | number | told                              |
      | a card of AMD           | 0000:03:00.0 | 0x1002 | 25769803776 | 1073741824 | a1b2   | rocm 0000:03:00.0 23 of 24 GiB free, GPU-a1b2 |
      | one without a number    | 0000:03:00.0 | 0x1002 | 25769803776 | 1073741824 |        | rocm 0000:03:00.0 23 of 24 GiB free |
      | what shares its memory  | 0000:00:02.0 | 0x8086 |             |            |        | vulkan 0000:00:02.0 unknown       |
      | NVIDIA's, which has NVML | 0000:01:00.0 | 0x10de |            |            |        | nothing                           |
      | no card but a console   | 0000:02:00.0 | 0x1a03 |             |            |        | nothing                           |
      | numbers that are none   | 0000:03:00.0 | 0x1002 | many        | few        |        | rocm 0000:03:00.0 unknown         |

  @fault.hive.cards-as-they-come
  Scenario Outline: One list: <what>
    When "<cards>" are there and the engine lists "<engine>"
    Then the devices are "<devices>"

    Examples: One maker
      | what                               | cards                      | engine                        | devices |
      | no engine has been asked           | cuda 01 24, cuda 02 8      | not asked                     | gpu0 cuda, gpu1 cuda |
      | an engine for them                 | cuda 01 24, cuda 02 8      | CUDA0 01 24, CUDA1 02 8       | gpu0 cuda CUDA0, gpu1 cuda CUDA1 |
      | which counts in another order      | cuda 01 8, cuda 02 24      | CUDA0 02 24, CUDA1 01 8       | gpu1 cuda CUDA0, gpu0 cuda CUDA1 |
      | which does not say which is which  | cuda 01 24, cuda 02 8      | CUDA0 - 24, CUDA1 - 8         | gpu0 cuda CUDA0, gpu1 cuda CUDA1 |
      | one that it was not to see         | cuda 01 24, cuda 02 8      | CUDA0 02 8                    | gpu0 cuda CUDA0 |
      | an engine for the processor alone  | rocm 03 24                 | nothing                       | gpu0 rocm |
      | an engine for AMD                  | rocm 03 24                 | ROCm0 03 24                   | gpu0 rocm ROCm0 |
      | what is a part of a processor      | rocm 03 0.5                | nothing                       | none |
      | which the engine knows to use      | vulkan 00 0                | Vulkan0 00 12 integrated      | gpu0 vulkan Vulkan0 |
      | a card that nobody else tells of   | none                       | SYCL0 - 16                    | gpu0 sycl SYCL0 |

    Examples: Several makers
      | what                               | cards                      | engine                        | devices |
      | by way of Vulkan all of them       | cuda 01 24, rocm 03 16     | Vulkan0 03 16, Vulkan1 01 24  | gpu1 vulkan Vulkan0, gpu0 vulkan Vulkan1 |
      | an engine for one of them          | cuda 01 24, rocm 03 16     | CUDA0 01 24                   | gpu0 cuda CUDA0, gpu1 rocm |
      | and for the other                  | cuda 01 24, rocm 03 16     | ROCm0 03 16                   | gpu1 rocm ROCm0, gpu0 cuda |
      | one that Vulkan was not to see     | cuda 01 24, rocm 03 16     | Vulkan0 03 16                 | gpu0 vulkan Vulkan0 |

  Scenario Outline: Before an engine says so, <variable>=<value> leaves <left>
    When "cuda 01 24, cuda 02 8, rocm 03 16, rocm 04 16" are there, and "<variable>" is "<value>"
    Then the devices are those at "<left>"

    Examples:
      | variable             | value     | left           |
      | CUDA_VISIBLE_DEVICES | 1         | 02, 03, 04     |
      | CUDA_VISIBLE_DEVICES | 1,0       | 02, 01, 03, 04 |
      | CUDA_VISIBLE_DEVICES | -1        | 03, 04         |
      | CUDA_VISIBLE_DEVICES | 0,-1,1    | 01, 03, 04     |
      | CUDA_VISIBLE_DEVICES | GPU-02    | 02, 03, 04     |
      | CUDA_VISIBLE_DEVICES | MIG-02    | 01, 02, 03, 04 |
      | HIP_VISIBLE_DEVICES  | 1         | 01, 02, 04     |
      | ROCR_VISIBLE_DEVICES | 0         | 01, 02, 03     |
      | ROCR_VISIBLE_DEVICES | GPU-04    | 01, 02, 04     |
      | CUDA_VISIBLE_DEVICES | NoDevFiles | 03, 04        |

  @fault.hive.count-cards-alone
  Scenario Outline: A part for another machine on <parts>: <what>
    Given "<cards>" are there and the engine lists "<engine>"
    When a side is to compute on "<parts>"
    Then its engine is to use "<told>"

    Examples: Any maker
      | what                               | cards                      | engine                          | parts         | told |
      | a card of AMD                      | rocm 03 24                 | ROCm0 03 24                     | gpu0, cpu     | ROCm0, the processor |
      | by way of Vulkan, counted otherwise | cuda 01 24, rocm 03 16    | Vulkan0 03 16, Vulkan1 01 24    | gpu0, gpu1    | Vulkan1, Vulkan0 |
      | by SYCL                            | none                       | SYCL0 - 16                      | gpu0          | SYCL0 |
      | NVIDIA's, one of which is hidden   | cuda 01 24, cuda 02 8      | CUDA0 02 8                      | gpu0          | CUDA0 |
      | two of NVIDIA's, counted otherwise | cuda 01 8, cuda 02 24      | CUDA0 02 24, CUDA1 01 8         | gpu0, gpu1    | CUDA1, CUDA0 |
      | a Mac's, which has no other name   | a Mac                      | MTL0 - 24                       | gpu0          | MTL0 |

    Examples: None that the engine has a use of
      | what                               | cards                      | engine                          | parts         | told |
      | built for the processor            | rocm 03 24                 | nothing                         | gpu0          | backend_unavailable |
      | but the RAM is there               | rocm 03 24                 | nothing                         | cpu           | the processor |
      | built for another maker            | cuda 01 24, rocm 03 16     | CUDA0 01 24                     | gpu0, gpu1    | backend_unavailable |

  Scenario: An engine that was built for the processor lists no other device
    When llama.cpp lists its devices
    Then there are none but the processor
