Feature: What is taken for a picture, and which projector shows it
  A picture says of itself how large it is, and whoever decodes it believes that. So it is looked at
  before: by the queen what it says, by a worker what it unpacks to.

  @fault.shared.any-measures
  Scenario: What is taken for a picture
    When each of these is sent as a picture
      | sent                                         | comes to                                                        |
      | a PNG of 28 x 30                             | png of 28 x 30                                                  |
      | a JPEG of 640 x 480                          | jpeg of 640 x 480                                               |
      | a JPEG with a title that looks like measures | jpeg of 640 x 480                                               |
      | a GIF of 20 x 10                             | gif of 20 x 10                                                  |
      | one pixel                                    | png of 1 x 1                                                    |
      | nothing                                      | is empty, and PNG, JPEG, GIF, WebP and BMP are read                        |
      | a text                                       | is no picture, and PNG, JPEG, GIF, WebP and BMP are read                   |
      | a WebP                                       | webp of 28 x 30                                                 |
      | a WebP without loss                          | webp of 28 x 30                                                 |
      | a WebP with alpha                            | webp of 28 x 30                                                 |
      | a BMP                                        | bmp of 28 x 30                                                  |
      | a BMP from its top                           | bmp of 28 x 30                                                  |
      | a WebP that is cut off                       | is a picture that cannot be read: it is broken, or of an odd kind |
      | a BMP that is cut off                        | is a picture that cannot be read: it is broken, or of an odd kind |
      | a WebP of nothing                            | is a WebP that is broken                                        |
      | a WebP that says it is 16000 x 16000         | is 16000 x 16000 pixels, and 16384 on a side and 33554432 in all are taken |
      | a WebP whose picture is another one          | is a picture that cannot be read: it is broken, or of an odd kind |
      | a BMP that says it is 100000 x 100000        | is 100000 x 100000 pixels, and 16384 on a side and 33554432 in all are taken |
      | an HEIC                                      | is HEIC, and PNG, JPEG, GIF, WebP and BMP are read                         |
      | a PDF                                        | is a PDF, and PNG, JPEG, GIF, WebP and BMP are read                        |
      | a PNG that is cut off in its head            | is a picture that is cut off                                    |
      | a JPEG that is cut off                       | is a picture that is cut off                                    |
      | a PNG that says it is 100000 x 100000        | is 100000 x 100000 pixels, and 16384 on a side and 33554432 in all are taken |
      | a JPEG that says it is 8000 x 8000           | is 8000 x 8000 pixels, and 16384 on a side and 33554432 in all are taken |
      | a PNG of no width                            | has no pixels                                                   |
      | a line of 201 pixels                         | is 201 x 1 pixels: one side more than 200 times the other       |
      | a JPEG of 65 scans                           | is a JPEG of more than 64 scans, each of which takes its time   |
      | a PNG of 8 x 8 that unpacks to 50 MB         | is a picture that cannot be read: it is broken, or of an odd kind |
      | a PNG whose pixels are none                  | is a picture that cannot be read: it is broken, or of an odd kind |
    Then it comes to what each row tells

  Scenario: What of a body is pictures
    When a body holds each of these, with a thousand letters each
      | body             | comes to |
      | a text           | 1000     |
      | a PNG            | 0        |
      | a JPEG in a URL  | 0        |
      | a GIF and a text | 1000     |
      | a PNG in a text  | 1000     |
      | a WebP in a URL  | 0        |
      | a BMP            | 0        |
    Then it comes to what each row tells

  Scenario: Texts and pictures stay in their order
    When a text, a picture and a text come by each of these APIs
      | API       | comes to                        |
      | chat      | tell me \| a picture \|  a story |
      | responses | tell me \| a picture \|  a story |
      | messages  | tell me \| a picture \|  a story |
      | ollama's  | a picture \| tell me a story     |
    Then it comes to what each row tells

  @fault.hive.any-projector
  Scenario: Which projector of a repository belongs to a model
    When a model lies among each of these files of its repository
      | model                  | files                                                    | comes to                 |
      | a-Q4_K_M.gguf          | a-Q4_K_M.gguf                                            | none                     |
      | a-Q4_K_M.gguf          | mmproj-BF16.gguf, mmproj-F16.gguf, mmproj-F32.gguf       | mmproj-F16.gguf          |
      | a-Q4_K_M.gguf          | mmproj-a-Q8_0.gguf, mmproj-a-f32.gguf                    | mmproj-a-f32.gguf        |
      | a-Q4_K_M.gguf          | mmproj-a-Q8_0.gguf                                       | mmproj-a-Q8_0.gguf       |
      | a-7b-Q4_K_M.gguf       | mmproj-a-13b-f16.gguf, mmproj-a-7b-f32.gguf              | mmproj-a-7b-f32.gguf     |
      | small/a-Q4_K_M.gguf    | large/mmproj-f16.gguf, small/mmproj-f32.gguf             | small/mmproj-f32.gguf    |
      | Q4_K_M/a-Q4_K_M.gguf   | mmproj-f16.gguf                                          | mmproj-f16.gguf          |
      | a-Q4_K_M.gguf          | a.mmproj-f16.gguf                                        | a.mmproj-f16.gguf        |
      | a-Q4_K_M.gguf          | mmproj-a-audio-f16.gguf                                  | none                     |
      | a-Q4_K_M.gguf          | mmproj-a-f16.bin, imatrix.gguf                           | none                     |
    Then it comes to what each row tells

  Scenario: Which projector lies beside a file of somebody's own
    When a model of somebody's own lies among each of these files
      | model         | files                                         | comes to          |
      | a-Q4_K_M.gguf | a-Q4_K_M.gguf, mmproj-F16.gguf                | mmproj-F16.gguf   |
      | a-Q4_K_M.gguf | a-Q4_K_M.gguf, b-Q8_0.gguf, mmproj-F16.gguf   | none              |
      | a-Q4_K_M.gguf | a-Q4_K_M.gguf, b-Q8_0.gguf, mmproj-a-f16.gguf | mmproj-a-f16.gguf |
      | b-Q8_0.gguf   | a-Q4_K_M.gguf, b-Q8_0.gguf, mmproj-a-f16.gguf | none              |
    Then it comes to what each row tells
