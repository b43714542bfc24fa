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
      | a GPU on paper              | cpu       | cuda    | simulated | yes |
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
      | still loading                     | gpu1   | loading | nothing said                   | yes |
      | on the CPU, as ordered            | cpu    | ready   | no such device                 | yes |
