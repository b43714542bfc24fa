Feature: What a worker is given, and what is said of models that harm it

  Scenario Outline: A worker is told <name> of its owner's environment: <told>
    When a worker is started where "<name>" is set
    Then the worker is told of it: <told>

    Examples: what engines and drivers look for
      | name                 | told |
      | PATH                 | yes  |
      | LC_ALL               | yes  |
      | CUDA_VISIBLE_DEVICES | yes  |
      | HIP_VISIBLE_DEVICES  | yes  |
      | ROCR_VISIBLE_DEVICES | yes  |
      | GGML_VK_VISIBLE_DEVICES | yes |
      | ONEAPI_DEVICE_SELECTOR | yes |
      | VK_DRIVER_FILES      | yes  |
      | OMP_NUM_THREADS      | yes  |
      | LD_LIBRARY_PATH      | yes  |

    Examples: secrets, and what may hold one
      | name                           | told |
      | HF_TOKEN                       | no   |
      | AWS_SECRET_ACCESS_KEY          | no   |
      | GOOGLE_APPLICATION_CREDENTIALS | no   |
      | NVIDIA_API_KEY                 | no   |
      | CUDA_LICENSE_TOKEN             | no   |
      | RBEE_DATABASE                  | no   |
      | HTTPS_PROXY                    | no   |
      | SSH_AUTH_SOCK                  | no   |

  Scenario Outline: A template <with>
    When a model comes with the template "<template>"
    Then it is tried apart first: <tried>

    Examples: what writes each message once can do no harm, and costs a cold start nothing
      | with                   | template                                                             | tried |
      | of a loop over messages | {% for m in messages %}{{ m['role'] + ': ' + m.content }}{% endfor %} | no    |
      | with a name of its own | {% set x = messages %}{% for m in x %}{{ m.content }}{% endfor %}     | yes   |
      | with a macro           | {% macro hum(x) %}{{ hum(x) }}{% endmacro %}{{ hum(1) }}              | yes   |
      | that multiplies        | {{ 'bee' * 1000000000 }}                                             | yes   |
      | that counts            | {% for i in range(10000000000) %}{% endfor %}                        | yes   |
      | with a large number    | {{ messages[0].content.strip(99999) }}                               | yes   |
      | with three loops       | {% for m in messages %}{% for m in messages %}{% for m in messages %}{{ m }}{% endfor %}{% endfor %}{% endfor %} | yes |
      | that nests deeply      | {{ ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1)))))))))))))))))))))))))))))))))))))))))))))))))))))))))))) }} | yes |

  Scenario Outline: A template's trial that ends with <status>
    When the trial of a template ends with <status> and its log with "<log>"
    Then the verdict is "<verdict>"

    Examples:
      | status | log            | verdict                                                     |
      | 0      | done           |                                                             |
      | 3      | done           |                                                             |
      | 1      | done           |                                                             |
      | 4      | done           | it takes more than 512 MiB of memory to write one greeting  |
      | -6     | std::bad_alloc | it takes more than 512 MiB of memory to write one greeting  |
      | -11    | done           | llama.cpp dies of reading it (signal 11)                    |
      | -24    | done           | it takes more than 2 s to write one greeting                |
      | -14    | done           | it takes more than 2 s to write one greeting                |

  @timing
  @fault.hive.count-for-ever
  Scenario Outline: A worker dies that was ready for <seconds> seconds
    When a worker dies that was ready for <seconds> seconds
    Then its earlier deaths count: <count>

    Examples:
      | seconds | count |
      | 0.5     | yes   |
      | 29      | yes   |
      | 31      | no    |

  Scenario Outline: A model that is reckoned to need <need> MiB on <where>, <how>
    When a model is reckoned to need <need> MiB on <where>, <how>
    Then its worker may take <limit> MiB

    Examples: what it needs, a fifth more, the stacks of its threads, and a margin
      | need | where   | how       | limit |
      | 1000 | a CPU   | exactly   | 2544  |
      | 1000 | a CPU   | estimated | 3744  |
      | 1    | a CPU   | exactly   | 1385  |
      | 1000 | a GPU   | exactly   | 10736 |

  Scenario Outline: The doctor of <platform> with Landlock <abi>
    When a kernel of "<platform>" has version <abi> of Landlock
    Then the doctor says "<state>" of files

    Examples:
      | platform | abi | state  |
      | linux    | 0   | no     |
      | linux    | 3   | partly |
      | linux    | 4   | ok     |
      | linux    | 7   | ok     |
      | darwin   | 0   | partly |

  @fault.queen.blame-the-model
  Scenario Outline: Workers died with <template>; a job asks for <asked>
    When workers of a model kept dying with <template>, and <asked> is asked for
    Then the device counts as degraded for that job: <degraded>

    Examples: what somebody brings along is nothing to those who do without
      | template         | asked            | degraded |
      | its own template | its own template | yes      |
      | another template | its own template | no       |
      | its own template | another template | no       |
      | another template | another template | yes      |
      | another template | a third template | no       |
