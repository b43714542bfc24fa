Feature: What is narrated fits on a line, and never cuts a name
  A line has a hundred characters at most. What is of no certain length is shortened, the longest
  first: of a path its end is kept, of a machine's name its beginning, of a list and a sentence as
  many whole words as there is room for. A name alone that is longer stays whole.

  Scenario: Paths and models, sentences and lists
    When each of these is to be told in so many characters
      | text | room | shown |
      | /home/me/models/llama.gguf | 30 | /home/me/models/llama.gguf |
      | /home/me/models/llama.gguf | 20 | …/models/llama.gguf |
      | /home/me/models/llama.gguf | 15 | …/llama.gguf |
      | /home/me/models/llama.gguf | 3 | …/llama.gguf |
      | /home/me/My Models/the best one.gguf | 25 | …/the best one.gguf |
      | HF:some-owner/some-model-GGUF:Q4_K_M@main | 35 | …/some-model-GGUF:Q4_K_M@main |
      | minillama-without-any-folder.gguf | 10 | minillama-without-any-folder.gguf |
      | cannot use /var/lib/rbee/hive.db: database is locked | 45 | cannot use …/hive.db: database is locked |
      | cannot use /var/lib/rbee/hive.db: database is locked | 35 | cannot use …/hive.db: database is … |
      | CPU, GPU0 RTX 3060 (12GB), GPU1 RTX 3090 (24GB) | 30 | CPU, GPU0 RTX 3060 (12GB), … |
    Then each of them reads as its row shows

  Scenario: A list as long as a request can make it
    When a list of 40000 names is to be told in 100 characters
    Then the line reads "name-0, name-1, name-2, name-3, name-4, name-5, name-6, name-7, name-8, name-9, name-10, name-11, …"
    And that took less than 5 seconds

  Scenario: The machine with the long name
    When the machine "node17.cluster.science.example.org" is to be told in 20 characters
    Then the line reads "node17.cluster…"

  Scenario: A model far down in the folders
    When a worker is woken with a model that lies far down in the folders
    Then the line is no longer than a line may be, and names the file
