Feature: Models that are shown pictures
  Where the repository of a model has a projector (`mmproj-*.gguf`), that is fetched, counted, loaded
  and removed with it, and a program may send pictures by any API. They travel inside of the request:
  nothing is fetched for a caller.

  @only-asks
  @fault.worker.no-pictures
  Scenario: Pictures by every API
    Given a hub that holds "author/seeing-llama"
    And a swarm that is warm
    When "author/seeing-llama" is shown no picture, a red one and a dark one by each of these APIs
      | API                 |
      | chat                |
      | responses           |
      | messages            |
      | ollama's chat       |
      | ollama's generating |
    Then each API is answered the same, a red picture otherwise than a dark one
    And the disk holds "mmproj-seeing-llama-f16.gguf" as "author/seeing-llama" has it

  @only-asks
  @fault.worker.kinds-as-they-come
  Scenario: Pictures of other kinds, which no engine reads
    Given a hub that holds "author/seeing-llama"
    And a swarm that is warm
    When "author/seeing-llama" is shown a red picture of each of these kinds
      | kind                          |
      | png                           |
      | webp                          |
      | webp without loss             |
      | webp that lets nothing through |
      | bmp                           |
    Then all of them are answered the same

  Scenario: What cannot be shown is refused, and the worker lives on
    Given a hub that holds "author/seeing-llama"
    And a swarm that was left warm by "rbee-keeper infer --keep-alive --model HF:author/seeing-llama 'hello'"
    When "author/seeing-llama" is sent each of these
      | API           | sent                                  | place                  | why                  |
      | chat          | a PNG that is cut off in the middle   | messages[0].content[0] | cannot be read       |
      | messages      | a PNG of 8 x 8 that unpacks to 50 MB  | messages[0].content[0] | cannot be read       |
      | responses     | a PNG that says it is 100000 x 100000 | input[0].content[0]    | 100000 x 100000      |
      | ollama's chat | an HEIC                               | messages[0].images[0]  | PNG, JPEG, GIF, WebP and BMP |
      | responses     | a WebP that is cut off                | input[0].content[0]    | cannot be read       |
      | chat          | a BMP that is cut off                 | messages[0].content[0] | cannot be read       |
      | chat          | a JPEG of 640 x 480                   | messages[0].content[0] | cannot be read       |
      | chat          | http://127.0.0.1:1/a.png              | messages[0].content[0] | nothing is fetched   |
    Then each of these is refused, by the place where it stands
    And the only worker has "HF:author/seeing-llama" on "cpu"
    And 1 worker is running

  @fault.queen.shown-to-anybody
  Scenario: A model that has no projector is not started for a picture
    Given a hub that holds "author/minillama"
    And a queen that is awake
    When "author/minillama" is sent each of these
      | API                 | sent     | place                  | why                        |
      | chat                | one pixel | messages[0].content[0] | this model has no projector |
      | ollama's generating | one pixel | images[0]              | this model has no projector |
    Then each of these is refused, by the place where it stands
    And the hub has served no download
    And 0 worker is running

  @fault.hive.deadly-eyes
  Scenario Outline: A model whose projector is <what> answers without sight, and says why
    Given a hub that holds "author/<model>"
    And a swarm that was left warm by "rbee-keeper infer --keep-alive --model HF:author/<model> 'hello'"
    When "author/<model>" is sent each of these
      | API  | sent      | place                  | why                                         |
      | chat | one pixel | messages[0].content[0] | llama.cpp cannot load the model's projector |
    Then each of these is refused, by the place where it stands
    And the only worker has "HF:author/<model>" on "cpu"

    Examples:
      | what                             | model       |
      | of a kind that nobody knows      | blind-llama |
      | what the engine dies of          | deadly-eyes |

  Scenario: Pictures at the terminal
    Given a hub that holds "author/seeing-llama"
    And a file of my own called "red.png"
    When I type "rbee-keeper infer --image red.png --image red.png --temperature 0 --max-tokens 9 --model HF:author/seeing-llama 'tell me a story'"
    Then the exit status is 0
    And the terminal narrates
      """
      bee-keeper: 20 tokens in, 9 out, <rate> tokens/s
      """
    And nothing is left running

  Scenario: A file that is no picture is told of before anything is started
    Given a file of my own called "hello.txt"
    When I type "rbee-keeper infer --image hello.txt 'what is this?'"
    Then stderr contains "`--image hello.txt` is no picture, and PNG, JPEG, GIF, WebP and BMP are read"
    And the exit status is 2
    And nothing was started
