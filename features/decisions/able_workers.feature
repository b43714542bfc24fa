Feature: A worker runs where it was ordered to, or not at all
  What an engine finds on a machine decides which devices it may serve, and where it has put a model
  decides whether the worker is of use.

  Scenario Outline: Whether an engine can serve a device: <case>
    When an engine that finds "<found>" is to serve a device of "<backend>" that is <kind>
    Then the device is served: <verdict>

    Examples:
      | case                        | found     | backend | kind      | verdict |
      | a CPU                       | cpu       | cpu     | real      | yes |
      | CUDA with an engine for it  | cpu, cuda | cuda    | real      | yes |
      | CUDA without                | cpu       | cuda    | real      | no: pip install --force-reinstall xllamacpp --index-url https://xorbitsai.github.io/xllamacpp/whl/cu128 |
      | Metal without               | cpu       | metal   | real      | no: pip install --force-reinstall xllamacpp (its macOS wheel has Metal) |
      | ROCm without                | cpu       | rocm    | real      | no: pip install --force-reinstall xllamacpp --index-url https://xorbitsai.github.io/xllamacpp/whl/rocm-7.2.4 (or rocm-6.4.1) |
      | Vulkan without              | cpu       | vulkan  | real      | no: pip install --force-reinstall xllamacpp --index-url https://xorbitsai.github.io/xllamacpp/whl/vulkan |
      | ROCm where it has Vulkan    | cpu, vulkan | vulkan | real     | yes |
      | a GPU on paper              | cpu       | cuda    | simulated | yes |
      | one GPU of several          | cpu, cuda | cuda    | one of two | yes |
      | an engine for one device    | ctransformers: cpu, cuda | cuda | one of two | no: take another engine |
      | the second engine on a GPU  | ctransformers: cpu | cuda | real  | no: take engine llamacpp for a GPU |

  Scenario Outline: Where a model is, once it is loaded: <case>
    When a worker for "<device>" reports "<state>" with <placed>
    Then the device is served: <verdict>

    Examples:
      | case                              | device | state   | placed                         | verdict                        |
      | on its GPU                        | gpu1   | ready   | 4000 bytes on its device       | yes |
      | nothing on its GPU                | gpu1   | ready   | 0 bytes on its device          | no: backend_unavailable |
      | an engine that finds no GPU       | gpu1   | ready   | no such device                 | no: backend_unavailable |
      | an engine that says nothing       | gpu1   | ready   | nothing said                   | no: backend_unavailable |
      | on each of its GPUs               | gpu0+gpu1 | ready | 4000, 3000 bytes on its devices | yes |
      | nothing on one of them            | gpu0+gpu1 | ready | 4000, 0 bytes on its devices    | no: backend_unavailable |
      | nothing told of one of them       | gpu0+gpu1 | ready | 4000 bytes on its devices       | no: backend_unavailable |
      | on its GPU and in RAM             | gpu0+cpu  | ready | 4000 bytes on its devices       | yes |
      | on its GPU, and on two of another machine | gpu0+gpu0@attic+gpu1@attic | ready | 4000 bytes on its device | yes |
      | on those of the other alone       | gpu0+gpu0@attic | ready | 0 bytes on its device       | no: backend_unavailable |
      | still loading                     | gpu1   | loading | nothing said                   | yes |
      | on the CPU, as ordered            | cpu    | ready   | no such device                 | yes |

  Scenario Outline: Whether an engine shares a model with other machines, by the doctor: <case>
    When the doctor hears of the engine "<engine>", which speaks "<version>" with other machines
    Then it says "<state>" of sharing, with advice that has "<advice>"

    Examples:
      | case                        | engine       | version | state  | advice                         |
      | it does                     | llamacpp     | 8.0.0   | ok     | nothing                        |
      | what it takes was not built | llamacpp     | nothing | partly | -m rbee.worker.engines.rpc.build |
      | it has no way to            | ctransformers | nothing | partly | nothing                       |

  @fault.worker.whole-on-one
  Scenario Outline: What llama.cpp is told of a model in parts: <case>
    When llama.cpp is to lay a model out as "<parts>"
    Then it puts "<told>"

    Examples:
      | case                      | parts                  | told             |
      | all on one GPU            | gpu1 31                | 999 on GPU 1     |
      | on two                    | gpu0 18, gpu1 13       | 31 on 18, 13     |
      | counted in another order  | gpu0=2 18, gpu1=0 13   | 31 on 13, 0, 18  |
      | on some of the machine's  | gpu0 18, gpu2 13       | 31 on 18, 0, 13  |
      | on one and in RAM         | gpu1 12, cpu 19        | 12 on GPU 1      |
      | on two and in RAM         | gpu0 5, gpu1 6, cpu 20 | 11 on 5, 6       |
      | another machine's first   | gpu0 18, gpu0@attic 8, gpu1@attic 5 | 31 on 8, 5, 18 |
      | and counted in another order | gpu0=1 18, gpu0@attic 13 | 31 on 13, 0, 18 |
      | and RAM                   | cpu 4, gpu0@attic 27   | 27 on 27         |
      | experts in RAM            | gpu1 31, cpu 2 experts | 31 on GPU 1, blk\.(0\|1)\.ffn_(gate\|up\|down\|gate_up)_(ch)?exps=CPU |
