Feature: Whose patience ends is told so, whatever was told until then
  A streamed answer holds back what is narrated until its reader's patience ends, as most answers
  come before. Then what was held back is sent, and not with the next comment, many seconds later.

  @fault.queen.miss-the-end-of-patience
  Scenario: A line comes just before it ends
    When a line is being sent as its reader's patience ends, and nothing follows
    Then the stream says at once that it takes a while
