Feature: The queen's page in a browser
  "rbee-keeper open" opens it, signed in: machines, workers, the queue, downloads, models, what is
  narrated, and a chat. It is tried in a real Chromium, where one is installed.

  @needs-chromium
  Scenario: A link signs in once, and stays nowhere
    Given a swarm that was left warm by "rbee-keeper up"
    And a browser that looks at the page
    And the page says "rbee-keeper open", and nothing of the swarm
    When the browser follows a link of "rbee-keeper open --print"
    Then the page is awake, and its secret is in no address, storage or log
    And its cookie is for the browser alone
    But another browser that follows the same link is told "this link was used already"

  @needs-chromium
  Scenario: What "open" has a browser open signs in
    Given a browser that looks at the page
    When the browser opens what "rbee-keeper open" tells it to
    Then the page is awake, and the command has said so
    And its cookie is for the browser alone

  @needs-chromium
  Scenario: What is seen while a model tells a story
    Given its simulated GPUs are
      | name     | VRAM in GB |
      | RTX 3060 | 12         |
      | RTX 3090 | 24         |
    And a hub that holds "author/endless-llama"
    And a browser that is signed in on the page of a swarm whose workers take 1 job at once
    When a story of "HF:author/endless-llama" is told on the CPU, and another one waits for that
    Then the table "Workers" has a row with "HF:author/endless-llama", "cpu", "0 of 1", "8192" and tokens per second
    And the table "Jobs that run or wait, and the newest of the others" has a row with "HF:author/endless-llama" and "waits, place 1"
    And the table "Machines and their devices" has a row with "cpu", "GB" and "HF:author/endless-llama"
    And the page narrates "there is room in CPU for model HF:author/endless-llama"

  @needs-chromium
  Scenario: A download
    Given a hub that holds "author/minillama"
    And the hub stops in the middle of "minillama-f16.gguf"
    And a browser that is signed in on the page
    When "rbee-keeper pull HF:author/minillama:F16" waits for it in another terminal
    Then the table "Downloads" has a row with "HF:author/minillama:F16", "localhost" and "of 1.9 MB"

  @only-asks @needs-chromium
  Scenario: A chat by keyboard alone
    Given a swarm that is warm
    And a browser that is signed in on the page
    When the tabulator leads from the top of the page to "Message", and "hello" is typed there
    Then the page answers " How can I help you today?"
    And every stop on the way was seen

  @only-asks @needs-chromium
  Scenario: A phone, in the dark
    Given a swarm that is warm
    When a browser of 360 pixels in the dark is signed in on the page
    Then nothing of the page is wider than that
    And its text stands out from its ground everywhere
