@phase-7 @timing
Feature: Whatever a model file says, to look at it is cheap
  A model comes from anybody. Its header is read before anything else is, and tells counts, lengths
  and numbers that a hive reckons with. Each is compared with a bound, far above every model that is
  known, before anything is made of it: a file that means harm costs next to nothing, and is refused
  in one sentence.

  @fault.hive.believe-counts
  Scenario: Headers that mean harm
    When a hive looks at each of these model files
      | the file                                | what is told                                                                         |
      | of 100,000,000 layers                   | has llama.block_count 100000000; 0 to 2048 can be                                    |
      | of 5,000,000 layers                     | has llama.block_count 5000000; 0 to 2048 can be                                      |
      | of 2^64 - 1 layers                      | has llama.block_count 18446744073709551615; 0 to 2048 can be                         |
      | of -1 layers                            | has llama.block_count -1; 0 to 2048 can be                                           |
      | of a text of layers                     | has llama.block_count in a wrong type; a whole number belongs there                  |
      | of a list of layers                     | has llama.block_count in a wrong type; a whole number belongs there                  |
      | of not-a-number heads                   | has llama.attention.head_count in a wrong type; a whole number belongs there         |
      | of infinite width                       | has llama.embedding_length in a wrong type; a whole number belongs there             |
      | of a list of infinite heads             | has llama.attention.head_count_kv in a wrong type; a whole number belongs there      |
      | of a list of -5 heads                   | has llama.attention.head_count_kv -5; 0 to 16384 can be                              |
      | trained with 2^63 tokens                | has llama.context_length 9223372036854775808; 0 to 134217728 can be                  |
      | of 2^40 tokens in its vocabulary        | has llama.vocab_size 1099511627776; 0 to 4194304 can be                              |
      | of 4 billion experts                    | has llama.expert_count 4294967295; 0 to 65536 can be                                 |
      | with 235 MB of short lists              | has 28006 keys; a model has at most 16384                                            |
      | with 16,000 short lists                 | has metadata that would take more than 4194304 bytes of memory; no model has so much |
      | with a list of lists                    | has an array of unknown type 9                                                       |
      | with a list of 2^60 numbers             | has a damaged header: a length in it is out of range                                 |
      | with a list of 2^60 texts               | has 1152921504606846976 texts in lists; a model has at most 4194304                  |
      | with a text of 2^63 bytes in a list     | has a damaged header: a length in it is out of range                                 |
      | with a text of 2^64 - 1 bytes           | has a damaged header: a length in it is out of range                                 |
      | with a chat template of 100 MB          | has a chat template of 104857600 bytes; a model has at most 1048576                  |
      | with a key of 100 MB                    | has metadata that would take more than 4194304 bytes of memory; no model has so much |
      | with 2^64 - 1 keys                      | has 18446744073709551615 keys; a model has at most 16384                             |
      | with a key that stands there twice      | has the key 'llama.x' twice                                                          |
      | with a value of type 99                 | has metadata of unknown type 99                                                      |
      | with 11 million rows of tensors         | has 11000000 tensors; a model has at most 131072                                     |
      | with 2^64 - 1 rows of tensors           | has 18446744073709551615 tensors; a model has at most 131072                         |
      | with as many nameless tensors as can be | has a tensor whose name has 0 bytes; a model has at most 256                         |
      | with a tensor of 2^31 dimensions        | has a tensor of 2147483648 dimensions; a model has at most 8                         |
      | with a tensor of 2^504 elements         | has a tensor that would end beyond every disk                                        |
      | with a tensor whose offset overflows    | has a tensor that would end beyond every disk                                        |
      | with a tensor whose name has 100 MB     | has a tensor whose name has 104857600 bytes; a model has at most 256                 |
      | with two tensors of one name            | has two tensors of one name                                                          |
      | with a tensor of type 2^32 - 1          | has a tensor of unknown type 4294967295                                              |
      | aligned to 0 bytes                      | has an alignment of 0 bytes; a power of two belongs there                            |
      | aligned to 33 bytes                     | has an alignment of 33 bytes; a power of two belongs there                           |
      | aligned to 2 GiB                        | has an alignment of 2147483648 bytes; a power of two belongs there                   |
      | aligned to a half                       | has general.alignment in a wrong type; a whole number belongs there                  |
      | of 65,535 parts                         | has split.count 65535; 0 to 1024 can be                                              |
      | that is part 3 of 2                     | is part 3 of 2                                                                       |
      | of an architecture with an escape       | has an architecture that is not called as one                                        |
      | of an architecture that is a number     | has an architecture that is not called as one                                        |
      | whose chat template is a number         | has tokenizer.chat_template in a wrong type; a text belongs there                    |
      | that ends in the middle of its header   | is cut off inside its header, after 100 bytes                                        |
      | that is empty                           | is empty                                                                             |
      | that is a pickle                        | is no GGUF file                                                                      |
      | that ctransformers would take           | is no GGUF file                                                                      |
    Then each of them is refused with what is wrong with it
    And none of them took more than 4 MiB of memory and 1 s of computing

  Scenario: Models larger than any that is known are models all the same
    When a hive looks at each of these model files
      | the file                                      |
      | with 300,000 tokens and 600,000 merges        |
      | of 1,000 layers, each with numbers of its own |
      | with 50,000 tensors                           |
      | with a tokenizer of 30 MB as a text           |
      | with 3,000 keys                               |
      | with a million empty tokens                   |
      | with small things only                        |
    Then each of them is taken for a model
    And none of them took more than 16 MiB of memory and 2 s of computing

  @fault.shared.open-anything
  Scenario: Nothing is opened but a file, and nothing waits for one
    When each of these is given to a hive for a model file
      | what lies there                     | what is told                                                     |
      | a pipe that nobody writes to        | cannot read the model file it: it is a pipe, and no file         |
      | a folder                            | cannot read the model file it: it is a folder, and no file       |
      | a socket                            | cannot read the model file it: it is a socket, and no file       |
      | a link to a device of endless zeros | cannot read the model file it: it is a device, and no file       |
      | a link to itself                    | cannot read the model file it: Too many levels of symbolic links |
      | a device of endless zeros           | cannot read the model file it: it is a device, and no file       |
      | a terminal                          | cannot read the model file it: it is a device, and no file       |
      | the environment of a program        | it is empty                                                      |
      | the log of the kernel               | it is empty                                                      |
    Then each of them is refused with what is wrong with it

  Scenario: A file that is still being written
    When a model file grows while its header is read
    Then that is refused with "it is being written: it changed while its header was read"
