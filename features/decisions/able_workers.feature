Feature: A worker runs where it was ordered to, or not at all
  What an engine finds on a machine decides which devices it may serve, and where it has put a model
  decides whether the worker is of use.

  Scenario Outline: Whether an engine can serve a device: <case>
    When an engine that finds "<found>" is to serve a device of "<backend>" that is <kind>
    Then it is <verdict>

    Examples:
      | case                        | found     | backend | kind      | verdict |
      | a CPU                       | cpu       | cpu     | real      | able    |
      | CUDA with an engine for it  | cpu, cuda | cuda    | real      | able    |
      | CUDA without                | cpu       | cuda    | real      | unable: pip install --force-reinstall xllamacpp --index-url https://xorbitsai.github.io/xllamacpp/whl/cu128 |
      | Metal without               | cpu       | metal   | real      | unable: pip install --force-reinstall xllamacpp (its macOS wheel has Metal) |
      | a GPU on paper              | cpu       | cuda    | simulated | able    |
      | the second engine on a GPU  | ctransformers: cpu | cuda | real  | unable: take engine llamacpp for a GPU |

  Scenario Outline: Where a model is, once it is loaded: <case>
    When a worker for "<device>" reports "<state>" with <placed>
    Then it is <verdict>

    Examples:
      | case                              | device | state   | placed                         | verdict                        |
      | on its GPU                        | gpu1   | ready   | 4000 bytes on its device       | well placed                    |
      | nothing on its GPU                | gpu1   | ready   | 0 bytes on its device          | misplaced: backend_unavailable |
      | an engine that finds no GPU       | gpu1   | ready   | no such device                 | misplaced: backend_unavailable |
      | an engine that says nothing       | gpu1   | ready   | nothing said                   | misplaced: backend_unavailable |
      | still loading                     | gpu1   | loading | nothing said                   | well placed                    |
      | on the CPU, as ordered            | cpu    | ready   | no such device                 | well placed                    |
