Feature: Whether what is said to a machine goes through SSH
  Through it, unless somebody asks for less. A machine that is in the catalog already stays as it was
  added; one of a time before tunnels were usual says nothing of them, and has none.

  Scenario Outline: <typed>, where the catalog has <known>
    Given a catalog that has <known>
    When a machine is added by "<typed>"
    Then it is spoken to <how>

    Examples:
      | known                                 | typed                          | how         |
      | no machine                            | add-hive attic                 | through SSH |
      | no machine                            | add-hive --tunnel attic        | through SSH |
      | no machine                            | add-hive --no-tunnel attic     | in the open |
      | attic, with nothing said of a tunnel  | add-hive --install attic       | in the open |
      | attic, in the open                    | add-hive --install attic       | in the open |
      | attic, through SSH                    | add-hive --install attic       | through SSH |
      | cellar, in the open                   | add-hive attic                 | through SSH |

  @fault.queen.tunnel-for-all
  Scenario: A machine opens more connections through its tunnel than it may
    When a machine opens 70 connections through the tunnel to the queen
    Then 64 of them lead to her, and the others are closed
