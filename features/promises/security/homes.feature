Feature: A home is believed where nobody else can have written it
  Token, settings and catalogs decide what rbee does, so they have to be its user's own, like the
  folders above them. What rbee writes there is its user's alone.

  @fault.shared.believe-the-home @fault.shared.follow-at-once
  Scenario Outline: A home <of whom>
    Given a home that has been used, <of whom>
    When I type "rbee-keeper infer 'hello'"
    Then stderr contains "<says>"
    And stderr contains "try: <advice>"
    And the exit status is 1
    And nothing was started

    Examples:
      | of whom                                | says                           | advice      |
      | into which anybody may write           | can be written by others       | chmod go-w  |
      | whose settings anybody may write       | can be written by others       | chmod go-w  |
      | whose catalog anybody may write        | can be written by others       | chmod go-w  |
      | whose catalog's journal anybody may write | can be written by others    | chmod go-w  |
      | in a folder into which anybody may write | can be written by others     | chmod go-w  |
      | reached by a link that anybody may set | can be written by others       | chmod go-w  |
      | reached by a link to one that anybody may set | can be written by others | chmod go-w |
      | whose token anybody may read           | token can be read by others    | chmod 600   |

    @needs-root
    Examples: Of somebody else
      | of whom                                | says                            | advice                |
      | that belongs to another user           | belongs to another user         | name a folder of your |
      | whose settings belong to another user  | belongs to another user         | name a folder of your |
      | whose token belongs to another user    | belongs to another user         | name a folder of your |

  @needs-root @fault.shared.make-before-looking
  Scenario: Nothing is made where somebody else's link leads
    Given a home that has been used, that is a link of another user
    When I type "rbee-keeper infer 'hello'"
    Then stderr contains "belongs to another user"
    And the exit status is 1
    And nothing was made where it leads

  Scenario: A home that is not there yet is made, also in a folder like /tmp
    When I type "mkdir -m 1777 shared; RBEE_HOME=$PWD/shared/of/mine rbee-keeper infer --quiet 'hello'"
    Then the exit status is 0

  @fault.shared.open-to-all
  Scenario: What is written into a home is for its user alone
    When I type "umask 000; rbee-keeper infer --quiet 'hello'"
    Then the exit status is 0
    And whatever is in the home is for its user alone

  Scenario: A file with a token is believed where nobody else can have written it
    Given a home that has been used, and a file with its token that anybody may write
    When I type "rbee-keeper status --token-file $SHELF/copy"
    Then stderr contains "can be written by others"
    And the exit status is 2

  Scenario: A password in a setting that is wrong is not shown
    Given a config file that reads
      """
      database = ["postgresql://queen:s3cret@server/bees"]
      """
    When I type "rbee-keeper status"
    Then stderr contains "database = (not shown)"
    And stderr does not contain "s3cret"
    And the exit status is 2
