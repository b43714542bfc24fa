Feature: What happens when running jobs keep the room of a device
  A shortage that passes is told as one. Who has a processor to go to is answered there at once, and
  the worker moves to the GPU when that has room again; who has not waits in line for the device.
  Nobody who runs is disturbed.

  Background:
    Given its simulated GPUs are
      | name    | VRAM in GB |
      | Tiny GT | 0.468      |
    And a hub that holds "author/endless-llama"
    And a queen that is awake
    And "rbee-keeper infer --model HF:author/endless-llama --no-cpu 'write a story'" keeps a worker busy

  @fault.queen.refuse-for-good
  Scenario: Who is to have no processor waits in line for the GPU
    Given "rbee-keeper infer --no-cpu --temperature 0 'hello'" runs beside it until it narrates "queen: number 1 in the queue for GPU0 on hive localhost"
    When I press Ctrl+C in the first terminal
    Then the command ends
    And the terminal narrates
      """
      queen: insufficient VRAM on GPU0 for minillama; trying next candidate...
      queen: GPU0 on hive localhost works for others; waiting until it has room for minillama
      queen: number 1 in the queue for GPU0 on hive localhost
      hive: unloaded idle worker <worker id> to make room
      queen: CUDA worker is awake and ready
      [DONE]
      """

  Scenario: Who waits for a device stands in the list of jobs with a place
    Given "rbee-keeper infer --no-cpu 'hello'" runs beside it until it narrates "queen: number 1 in the queue for GPU0 on hive localhost"
    When I type "rbee-keeper ps" beside it
    Then stdout shows a row "<job id> waiting (1) minillama"

  @fault.queen.stay-on-the-cpu
  Scenario: A worker that had to be started on the CPU moves to the GPU
    Given "rbee-keeper infer 'hello'" runs beside it until it narrates "queen: worker finished inference"
    When I press Ctrl+C in the first terminal
    Then the queen has told the cluster
      """
      queen: GPU0 on hive localhost has room again; starting minillama there, which is on a CPU
      queen: worker <worker id> on a CPU is replaced by one on a GPU
      """
    And the only worker has "minillama" on "gpu0"
