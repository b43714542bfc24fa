Feature: A model is what lies behind its name, and every part of it counts
  A file may be replaced behind its name, and have several names. What a worker has loaded is known
  by the disk, the inode, the size and the time of change of each part.

  Scenario Outline: When <change> the model is <verdict>
    When <change> in a model of two parts with a link to the first
    Then the model is <verdict>

    Examples:
      | change                                                | verdict  |
      | nothing happens                                       | the same |
      | it is asked for without the link                      | the same |
      | another name of the first part is asked for           | the same |
      | the second part is replaced by one as long and as old | another  |
      | the second part is written into                       | another  |
      | the first part grows                                  | another  |
      | the link leads elsewhere                              | another  |
      | a copy of the first part is asked for                 | another  |
      | the second part is moved away                         | gone     |
