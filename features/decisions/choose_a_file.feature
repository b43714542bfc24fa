@phase-7
Feature: Phase 7: which file of a repository is the model
  People name their files in many ways. A name is read as it is written, what belongs to a model is
  never taken for one, and where the name says nothing the size does. Files are written with their
  size in MB behind them, such as "a-q4.gguf 400".

  Rule: Who names no quant gets Q4_K_M, or the closest there is

    Scenario Outline: Of <files> the model is <taken>
      When "owner/a-model-GGUF" holds "<files>" and somebody asks for "the model"
      Then "<taken>" is taken

      Examples: Quants as people write them
        | files                                                                      | taken                              |
        | Phi-3-mini-4k-instruct-fp16.gguf 7600, Phi-3-mini-4k-instruct-q4.gguf 2400 | Phi-3-mini-4k-instruct-q4.gguf     |
        | a.Q2_K.gguf 300, a.Q4_K_M.gguf 500, a.Q8_0.gguf 900                        | a.Q4_K_M.gguf                      |
        | a-q4_k_m.gguf 500, a-Q5_K_M.gguf 600                                       | a-q4_k_m.gguf                      |
        | a-Q4-K-M.gguf 500, a-Q8-0.gguf 900                                         | a-Q4-K-M.gguf                      |
        | a.q4km.gguf 500, a.q80.gguf 900                                            | a.q4km.gguf                        |
        | a_q4_k.gguf 500, a_q5_k.gguf 600                                           | a_q4_k.gguf                        |
        | a-Q4_K_S.gguf 450, a-IQ4_XS.gguf 430, a-Q3_K_L.gguf 420                    | a-Q4_K_S.gguf                      |
        | a-iq4xs.gguf 430, a-Q8_0.gguf 900, a-bf16.gguf 1600                        | a-iq4xs.gguf                       |
        | a.i1-Q4_K_M.gguf 500, a.i1-IQ1_S.gguf 200                                  | a.i1-Q4_K_M.gguf                   |
        | a-Q4_K_M-imat.gguf 500, a-Q6_K-imat.gguf 700                               | a-Q4_K_M-imat.gguf                 |
        | a-imatrix-Q4_K_M.gguf 500, a-imatrix-Q8_0.gguf 900                         | a-imatrix-Q4_K_M.gguf              |
        | a-UD-Q2_K_XL.gguf 300, a-UD-Q4_K_XL.gguf 500, a-BF16.gguf 1600             | a-UD-Q4_K_XL.gguf                  |
        | a-UD-Q4_K_M.gguf 500, a-Q8_0.gguf 900                                      | a-UD-Q4_K_M.gguf                   |
        | a-Q8_0_L.gguf 950, a-f16.gguf 1600                                         | a-Q8_0_L.gguf                      |
        | a-f16-q6_k.gguf 800, a-f16.gguf 1600                                       | a-f16-q6_k.gguf                    |
        | a-MXFP4.gguf 480, a-F16.gguf 1600                                          | a-MXFP4.gguf                       |
        | a-mxfp4_moe.gguf 480, a-BF16.gguf 1600                                     | a-mxfp4_moe.gguf                   |
        | a-4bit.gguf 450, a-8bit.gguf 900                                           | a-4bit.gguf                        |
        | a-int8.gguf 900, a-float16.gguf 1600                                       | a-int8.gguf                        |
        | a-Q4_0_4_4.gguf 450, a-Q8_0.gguf 900                                       | a-Q4_0_4_4.gguf                    |
        | ggml-model-i2_s.gguf 300, ggml-model-f32.gguf 3200                         | ggml-model-i2_s.gguf               |
        | a.Q6_K.gguf.part1of2 400, a.Q6_K.gguf.part2of2 400, a.Q4_K_M.gguf 500      | a.Q4_K_M.gguf                      |
        | a-TQ1_0.gguf 250, a-F16.gguf 1600                                          | a-F16.gguf                         |
        | a-q8_0.gguf 900, a-F32.gguf 3200                                           | a-q8_0.gguf                        |
        | Q8_0/a.gguf 900, Q4_K_M/a.gguf 500                                         | Q4_K_M/a.gguf                      |
        | BF16/a-BF16-00001-of-00002.gguf 800, BF16/a-BF16-00002-of-00002.gguf 800, a-Q4_0.gguf 450 | a-Q4_0.gguf         |
        | Q4_K_M/a-00001-of-00002.gguf 0, Q4_K_M/a-00002-of-00002.gguf 500, a-Q8_0.gguf 900 | Q4_K_M/a-00001-of-00002.gguf |
        | a-q4-1-of-2.gguf 250, a-q4-2-of-2.gguf 250, a-q8.gguf 900                  | a-q4-1-of-2.gguf                   |

      Examples: Names that say nothing: the size does
        | files                                                              | taken                  |
        | a.gguf 500, a-F32.gguf 3200                                        | a.gguf                 |
        | a.gguf 3200, a-F16.gguf 1600                                       | a-F16.gguf             |
        | a.gguf 500, a-Q8_0.gguf 900                                        | a.gguf                 |
        | a-fast.gguf 450, a-Q2_K.gguf 300, a-F16.gguf 1600                  | a-fast.gguf            |
        | a-best.gguf 1600, a-Q8_0.gguf 900                                  | a-Q8_0.gguf            |
        | a-7b-small.gguf 4200, a-7b-large.gguf 14500                        | a-7b-small.gguf        |
        | a-0.5b-tiny.gguf 110, a-0.5b-normal.gguf 300, a-0.5b-whole.gguf 1000 | a-0.5b-normal.gguf   |
        | a-large.gguf 1600, a-small.gguf 500                                | a-small.gguf           |
        | a.gguf 5000, a-eyes.gguf 600                                       | a.gguf                 |
        | only.gguf 500                                                      | only.gguf              |
        | a.gguf 0, a-F32.gguf 0                                             | a.gguf                 |
        | a-eyes-f16.gguf 60, a-Q8_0.gguf 900                                | a-Q8_0.gguf            |

    Scenario: Of several models in the same quant it is told which is taken
      When "owner/a-model-GGUF" holds "a-7B-Q4_K_M.gguf 4300, a-13B-Q4_K_M.gguf 7800" and somebody asks for "the model"
      Then "a-7B-Q4_K_M.gguf" is taken
      And whoever asked is told "the repository has 2 models in Q4_K_M; taking a-7B-Q4_K_M.gguf"

  Rule: What belongs to a model is never taken for the model

    @fault.hive.companions-too
    Scenario Outline: Beside the model lies <companion>
      When "owner/a-model-GGUF" holds "<companion>, a-F16.gguf 1600" and somebody asks for "the model"
      Then "a-F16.gguf" is taken

      Examples: each of them looks like the better quant
        | companion                                       |
        | mmproj-a-Q4_K_M.gguf 100                        |
        | a-mmproj-Q8_0.gguf 100                          |
        | mmproj.gguf 100                                 |
        | a.projector-q8_0.gguf 100                       |
        | MTP/a-MTP-Q4_K_M.gguf 100                       |
        | MTP/a-Q4_K_M.gguf 100                           |
        | a-draft-Q4_K_M.gguf 100                         |
        | a_DRAFT.Q4_0.gguf 100                           |
        | a-eagle3-q4_0.gguf 100                          |
        | imatrix.gguf 5                                  |
        | a.imatrix.gguf 5                                |
        | imatrix_unsloth.gguf 5                          |
        | a-imat.gguf 5                                   |
        | vocoder-q8_0.gguf 100                           |
        | WavTokenizer-Large-75-Q4_0.gguf 100             |
        | clip-vit-large-patch14-Q8_0.gguf 100            |
        | a-lora-q8_0.gguf 20                             |
        | adapter/a-Q4_0.gguf 20                          |
        | token_embd-Q8_0.gguf 100                        |
        | embeddings.gguf 100                             |
        | tokenizer.gguf 5                                |
        | ggml-vocab-a.gguf 5                             |

    Scenario Outline: <file> is a model, whatever word is in its name
      When "<repository>" holds "<file> 500" and somebody asks for "the model"
      Then "<file>" is taken

      Examples:
        | repository                     | file                              |
        | owner/a-DRAFT-0.6B-GGUF        | a-DRAFT-0.6B-Q4_0.gguf            |
        | owner/OuteTTS-vocoder          | OuteTTS-vocoder-F16.gguf          |
        | owner/a-MTP-GGUF               | a-MTP-Q4_K_M.gguf                 |
        | owner/a-imatrix-GGUF           | a-imatrix-Q4_K_M.gguf             |
        | owner/a-lora-merged            | a-lora-merged.gguf                |
        | owner/nomic-embed-text-GGUF    | nomic-embed-text-v1.5.f16.gguf    |
        | owner/embeddinggemma-300M-GGUF | embeddinggemma-300M-Q8_0.gguf     |
        | owner/a-Vision-GGUF            | a-Vision-Instruct-Q4_K_M.gguf     |
        | owner/Eclipse-7B               | Eclipse-7B.Q4_0.gguf              |

    Scenario Outline: A file that is named is taken: <file>
      When "owner/a-model-GGUF" holds "<file> 500, a-Q4_K_M.gguf 400" and somebody asks for "<file>"
      Then "<file>" is taken

      Examples:
        | file                  |
        | OuteTTS-vocoder.gguf  |
        | a-draft-Q4_0.gguf     |
        | MTP/a-MTP-Q8_0.gguf   |

    Scenario Outline: <asked> is not a model by itself
      When "owner/a-model-GGUF" holds "<files>" and somebody asks for "<asked>"
      Then that is refused with "<told>"

      Examples:
        | files                                 | asked       | told                                                    |
        | mmproj-f16.gguf 100, a-Q4_0.gguf 400  | mmproj-f16.gguf | mmproj-f16.gguf in owner/a-model-GGUF is no language model but belongs to one |
        | imatrix.gguf 5, a-Q4_0.gguf 400       | imatrix.gguf | imatrix.gguf in owner/a-model-GGUF is no language model but belongs to one |
        | mmproj-f16.gguf 100, imatrix.gguf 5   | the model   | owner/a-model-GGUF holds no language model, only what belongs to one: imatrix.gguf (statistics that quants are made with), mmproj-f16.gguf (an image or audio projector) |

  Rule: Who names a quant gets it, however it is written

    Scenario Outline: "<asked>" of <files> is <taken>
      When "owner/a-model-GGUF" holds "<files>" and somebody asks for "<asked>"
      Then "<taken>" is taken

      Examples:
        | files                                                              | asked       | taken                     |
        | Phi-3-fp16.gguf 7600, Phi-3-q4.gguf 2400                           | q4          | Phi-3-q4.gguf             |
        | Phi-3-fp16.gguf 7600, Phi-3-q4.gguf 2400                           | fp16        | Phi-3-fp16.gguf           |
        | Phi-3-fp16.gguf 7600, Phi-3-q4.gguf 2400                           | F16         | Phi-3-fp16.gguf           |
        | Phi-3-fp16.gguf 7600, Phi-3-q4.gguf 2400                           | Phi-3-q4    | Phi-3-q4.gguf             |
        | a-Q4_K_M.gguf 500, a-Q4_K_S.gguf 450                               | Q4_K        | a-Q4_K_M.gguf             |
        | a-Q4_K_M.gguf 500, a-Q4_K_S.gguf 450                               | q4_k_s      | a-Q4_K_S.gguf             |
        | a-Q4_K_M.gguf 500, a-Q4_K_S.gguf 450                               | Q4-K-M      | a-Q4_K_M.gguf             |
        | a-Q5_K_M.gguf 600, a-Q4_K_S.gguf 450, a-Q4_0.gguf 440              | q4          | a-Q4_K_S.gguf             |
        | a-Q4_0.gguf 440, a-Q8_0.gguf 900                                   | q8          | a-Q8_0.gguf               |
        | a-UD-Q4_K_M.gguf 510, a-Q4_K_M.gguf 500                            | UD-Q4_K_M   | a-UD-Q4_K_M.gguf          |
        | a-UD-Q4_K_XL.gguf 510, a-Q8_0.gguf 900                             | Q4_K_XL     | a-UD-Q4_K_XL.gguf         |
        | a.i1-Q4_K_M.gguf 505, a.Q4_K_M.gguf 500                            | i1-Q4_K_M   | a.i1-Q4_K_M.gguf          |
        | a.i1-Q4_K_M.gguf 505, a.Q4_K_M.gguf 500                            | Q4_K_M      | a.Q4_K_M.gguf             |
        | a-Q4_K_M-imat.gguf 505                                             | Q4_K_M      | a-Q4_K_M-imat.gguf        |
        | a-bf16.gguf 1600, a-f16.gguf 1600                                  | BF16        | a-bf16.gguf               |
        | a-eyes-F16.gguf 60, a-F16.gguf 1600                                | F16         | a-F16.gguf                |
        | a-IQ4_XS.gguf 430, a-Q4_K_M.gguf 500                               | iq4_xs      | a-IQ4_XS.gguf             |
        | a-mxfp4.gguf 480, a-F16.gguf 1600                                  | MXFP4       | a-mxfp4.gguf              |
        | q4_0/a.gguf 440, q8_0/a.gguf 900                                   | Q8_0        | q8_0/a.gguf               |

    Scenario Outline: "<asked>" of <files> is not there
      When "owner/a-model-GGUF" holds "<files>" and somebody asks for "<asked>"
      Then that is refused with "<told>"

      Examples:
        | files                                              | asked  | told                                          |
        | a-fp16.gguf 1600, a-q4.gguf 500                    | Q8_0   | owner/a-model-GGUF has no Q8_0; it has F16, Q4 |
        | a-Q4_0.gguf 440, a-Q4_1.gguf 460                   | Q4_K_M | owner/a-model-GGUF has no Q4_K_M; it has Q4_0, Q4_1 |
        | a-Q4_K_M-00002-of-00002.gguf 250, a-Q8_0.gguf 900  | Q4_K_M | owner/a-model-GGUF lacks part 1 of 2 of a-Q4_K_M-00002-of-00002.gguf |
        | README.md 1, config.json 1                         | the model | owner/a-model-GGUF holds no GGUF file      |
        | model.safetensors 900, README.md 1                 | the model | owner/a-model-GGUF holds weights in another format, but no GGUF file |
        | pytorch_model.pth 900, README.md 1                 | the model | owner/a-model-GGUF holds weights in another format, but no GGUF file |

    @fault.hive.pieces-are-nothing
    Scenario Outline: "<asked>" of <files> is there in pieces
      Some publishers cut a file that is too large for their store at any byte. No engine reads that.

      When "owner/a-model-GGUF" holds "<files>" and somebody asks for "<asked>"
      Then that is refused with "<told>"

      Examples:
        | files                                                                  | asked          | told                                          |
        | a.Q6_K.gguf.part1of2 400, a.Q6_K.gguf.part2of2 400, a.Q4_K_M.gguf 500  | Q6_K           | owner/a-model-GGUF holds a.Q6_K.gguf cut into pieces alone (a.Q6_K.gguf.part1of2, a.Q6_K.gguf.part2of2), which no engine reads |
        | a.Q6_K.gguf-split-a 400, a.Q6_K.gguf-split-b 400, a.Q4_K_M.gguf 500    | a.Q6_K.gguf    | owner/a-model-GGUF holds a.Q6_K.gguf cut into pieces alone (a.Q6_K.gguf-split-a, a.Q6_K.gguf-split-b), which no engine reads |
        | a.Q6_K.gguf.part-aa 400, a.Q6_K.gguf.part-ab 400                       | the model      | owner/a-model-GGUF holds a.Q6_K.gguf cut into pieces alone (a.Q6_K.gguf.part-aa, a.Q6_K.gguf.part-ab), which no engine reads |
